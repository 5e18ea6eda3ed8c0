"""Common names, streets and towns of three countries, for the demo company and the benchmark's million."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Land:
    """Where invented people live. `mobile` and `landline` are valid numbers' beginnings with their count of digits."""

    country: str
    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]  # (town, the postcode's beginning)
    postcode: str  # # for a drawn digit after that beginning
    street_first: bool  # “Storgatan 5”, against “5 High Street”
    prefixes: tuple[tuple[str, int], ...]  # (E.164 beginning, digits to draw)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


SWEDEN = Land(
    country="SE",
    language="sv",
    given=_words(
        """
        Anna Eva Maria Karin Kristina Lena Kerstin Sara Emma Ingrid Åsa Malin Jenny Birgitta Hanna Linda Ulla
        Elin Susanne Sofia Julia Annika Ebba Maja Alva Astrid Märta Gunilla Anna-Karin Britt-Marie Ann-Sofie
        Linnéa Frida Matilda Klara Johanna Cecilia Camilla Helena Elisabeth Lars Mikael Anders Johan Erik Per
        Karl Peter Jan Thomas Daniel Fredrik Andreas Hans Stefan Mats Marcus Bengt Mattias Magnus Henrik Björn
        Jonas Nils Göran Håkan Kjell Gustav Axel Oskar Viktor Filip Emil Olof Sven Åke Torsten Jörgen Jan-Erik
        Lars-Göran Carl Christer Rickard Mohammed Ali Amina Fatima Hassan Zahra Yusuf Leyla Milan Ivana Goran
        Jasmina Elif Emre Nguyen Dariusz Agnieszka
        """
    ),
    family=_words(
        """
        Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson
        Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson Lindström Lindqvist
        Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren Lundqvist Mattsson Berglund Fredriksson Sandberg
        Henriksson Forsberg Sjöberg Wallin Engström Eklund Danielsson Lundin Håkansson Björk Bergman Gunnarsson
        Holm Wikström Samuelsson Isaksson Fransson Bergqvist Nyström Holmberg Arvidsson Löfgren Söderberg Nyberg
        Blomqvist Claesson Nordström Mårtensson Lundström Viklund Björklund Eliasson Pålsson Hermansson Nordin
        Åberg Öberg Åkesson Östlund Ahlström Ström Falk Hedlund Sundberg Ek Blom Hellström Dahlberg Norberg
        Sjögren Kjellberg Källström Ljung Hjort Strand Ivarsson Abrahamsson Dahl Moberg Åström Sandström
        Martinsson Byström Ödman Qvist Stjernström Bäckström Hedman Ali Ahmed Hassan Nguyen Yılmaz Kowalska
        Petrović Hoxha Rashid Al-Amin
        """
    ),
    streets=_words(
        """
        Storgatan Drottninggatan Kungsgatan Skolgatan Kyrkogatan Järnvägsgatan Parkvägen Björkvägen Ekvägen
        Tallvägen Ringvägen Åsgatan Östra_Promenaden Norra_Hamngatan Götgatan Hantverkargatan Vasagatan
        Linnégatan Strandvägen Solrosvägen Lingonstigen Mossvägen Kvarngatan Fågelvägen
        """
    ),
    towns=(
        ("Stockholm", "11"),
        ("Göteborg", "41"),
        ("Malmö", "21"),
        ("Uppsala", "75"),
        ("Västerås", "72"),
        ("Örebro", "70"),
        ("Linköping", "58"),
        ("Helsingborg", "25"),
        ("Jönköping", "55"),
        ("Norrköping", "60"),
        ("Lund", "22"),
        ("Umeå", "90"),
        ("Gävle", "80"),
        ("Borås", "50"),
        ("Eskilstuna", "63"),
        ("Sundsvall", "85"),
        ("Luleå", "97"),
        ("Kalmar", "39"),
        ("Visby", "62"),
        ("Kiruna", "98"),
    ),
    postcode="# ##",
    street_first=True,
    prefixes=(("+4670", 7), ("+4673", 7), ("+4672", 7), ("+4676", 7), ("+4679", 7), ("+468", 8)),
)

GERMANY = Land(
    country="DE",
    language="de",
    given=_words(
        """
        Ursula Maria Monika Petra Sabine Renate Karin Brigitte Andrea Claudia Susanne Julia Anna Stefanie Nicole
        Christine Heike Melanie Katharina Lea Mia Hannah Sophie Emilia Jürgen Peter Michael Thomas Andreas
        Wolfgang Klaus Günter Manfred Stefan Jörg Uwe Bernd Jan Lukas Leon Felix Paul Jonas Björn Matthias Sören
        Götz Käthe Hans-Peter Karl-Heinz Anna-Lena Mehmet Ayşe Fatma Mustafa Krzysztof Elena Dimitri Giulia Zoë
        """
    ),
    family=_words(
        """
        Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter
        Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause
        Meier Lehmann Schmid Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz
        Möller Weiß Jung Hahn Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann
        Franke Albrecht Schuster Simon Böhm Jäger Groß Voß Strauß Yılmaz Kaya Demir Nowak Kowalski Ivanov Rossi
        """
    ),
    streets=_words(
        """
        Hauptstraße Schulstraße Gartenstraße Bahnhofstraße Dorfstraße Bergstraße Lindenstraße Kirchstraße
        Goethestraße Schillerstraße Birkenweg Mühlenweg Am_Markt Ringstraße Rosenweg
        """
    ),
    towns=(
        ("Berlin", "10"),
        ("Hamburg", "20"),
        ("München", "80"),
        ("Köln", "50"),
        ("Frankfurt am Main", "60"),
        ("Stuttgart", "70"),
        ("Düsseldorf", "40"),
        ("Leipzig", "04"),
        ("Lübeck", "23"),
        ("Kiel", "24"),
        ("Rostock", "18"),
        ("Flensburg", "24"),
    ),
    postcode="###",
    street_first=True,
    prefixes=(("+49151", 8), ("+49170", 7), ("+49171", 7), ("+49175", 7), ("+49160", 7), ("+4930", 8)),
)

BRITAIN = Land(
    country="GB",
    language="en",
    given=_words(
        """
        Olivia Amelia Isla Ava Emily Grace Sarah Catherine Elizabeth Margaret Susan Karen Helen Deborah
        Charlotte Lucy Oliver George Harry Jack Charlie Thomas James William David John Stephen Steven Michael
        Paul Andrew Philip Ian Graham Geoffrey Alastair Siobhán Niamh Priya Mohammed Chloë
        """
    ),
    family=_words(
        """
        Smith Jones Williams Taylor Brown Davies Evans Wilson Thomas Johnson Roberts Robinson Thompson Wright
        Walker White Edwards Hughes Green Hall Lewis Harris Clarke Patel Jackson Wood Turner Martin Cooper Hill
        Ward Morris Moore Clark Lee King Baker Harrison Morgan Allen James Scott O'Brien O'Connor MacDonald
        McKenzie Singh Khan Whyte Phillips Stephenson Carlson
        """
    ),
    streets=("High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "The Green", "Park Avenue"),
    towns=(("London", "N"), ("Leeds", "LS"), ("Bristol", "BS"), ("Sheffield", "S"), ("Norwich", "NR"), ("York", "YO")),
    postcode="# #XX",
    street_first=False,
    prefixes=(("+447400", 6), ("+447712", 6), ("+44207", 7), ("+44208", 7)),
)

COMPANIES = {
    "sv": _words("Bageri Bygg Måleri Tandvård Redovisning Frisör Blommor Cykel Trädgård Optik Plåt Juridik Fastighet"),
    "de": _words(
        "Bäckerei Bau Malerbetrieb Zahnarztpraxis Buchhaltung Friseur Blumen Fahrrad Gartenbau Optik Immobilien"
    ),
    "en": _words("Bakery Builders Painting Dental Accounting Hairdressing Flowers Cycles Gardens Optics Roofing Law"),
}
