# ruff: noqa: E501  stories are easier to read in one line each
"""What the customers of the demo company complain about, in their own languages: (category, severity, product,
{language: (title, story, wish)}, root cause, whose fault)."""

STORIES = [
    (
        "faulty-product", 2, "TV box", "batch-defect", "ours",
        {
            "en": ("The TV box restarts every evening", "Since {weeks} weeks the box restarts at about eight, always in the middle of the news. I have unplugged it as your website says.", "A box that works."),
            "sv": ("TV-boxen startar om varje kväll", "Sedan {weeks} veckor startar boxen om vid åtta, mitt i nyheterna. Jag har dragit ur sladden som ni skriver på webben.", "En box som fungerar."),
            "de": ("Die TV-Box startet jeden Abend neu", "Seit {weeks} Wochen startet die Box gegen acht neu, immer mitten in den Nachrichten. Den Stecker habe ich gezogen, wie es auf Ihrer Seite steht.", "Eine Box, die funktioniert."),
        },
    ),
    (
        "faulty-product", 3, "Router R7", "batch-defect", "supplier",
        {
            "en": ("New router gets very hot", "The router you sent gets so hot that one cannot touch it, and the network drops after an hour.", "Another router, free of charge."),
            "sv": ("Nya routern blir mycket het", "Routern ni skickade blir så het att man inte kan röra den, och nätet försvinner efter en timme.", "En annan router utan kostnad."),
            "de": ("Neuer Router wird sehr heiß", "Der Router, den Sie geschickt haben, wird so heiß, dass man ihn nicht anfassen kann, und nach einer Stunde fällt das Netz aus.", "Einen anderen Router, kostenlos."),
        },
    ),
    (
        "service-fault", 3, "", "outage", "ours",
        {
            "en": ("No internet for {weeks} days", "We have been without internet for {weeks} days. I work from home and had to use my own mobile data.", "A reduction, and to know when it works again."),
            "sv": ("Inget internet på {weeks} dagar", "Vi har varit utan internet i {weeks} dagar. Jag arbetar hemifrån och har fått använda mina egna mobildata.", "Avdrag, och besked om när det fungerar."),
            "de": ("Seit {weeks} Tagen kein Internet", "Wir sind seit {weeks} Tagen ohne Internet. Ich arbeite zu Hause und musste mein eigenes Datenvolumen verbrauchen.", "Eine Minderung, und zu wissen, wann es wieder geht."),
        },
    ),
    (
        "service-fault", 1, "", "outage", "ours",
        {
            "en": ("Slow in the evenings", "Between seven and ten the speed is a third of what I pay for.", "The speed in my contract."),
            "sv": ("Långsamt på kvällarna", "Mellan sju och tio är hastigheten en tredjedel av vad jag betalar för.", "Den hastighet jag har avtalat."),
            "de": ("Abends langsam", "Zwischen sieben und zehn Uhr habe ich ein Drittel der Geschwindigkeit, die ich bezahle.", "Die vereinbarte Geschwindigkeit."),
        },
    ),
    (
        "billing", 2, "", "system-error", "ours",
        {
            "en": ("Charged twice in one month", "My account was debited twice for the same month. The bank says the fault is yours.", "The second amount back."),
            "sv": ("Debiterad två gånger samma månad", "Ni har dragit avgiften två gånger för samma månad. Banken säger att felet är ert.", "Det andra beloppet tillbaka."),
            "de": ("Zweimal im selben Monat abgebucht", "Für denselben Monat wurde zweimal abgebucht. Die Bank sagt, der Fehler liege bei Ihnen.", "Den zweiten Betrag zurück."),
        },
    ),
    (
        "billing", 1, "", "wrong-information", "ours",
        {
            "en": ("Reminder fee although paid in time", "I paid on the last day and still got a fee for the reminder.", "No fee."),
            "sv": ("Påminnelseavgift trots betalning i tid", "Jag betalade sista dagen och fick ändå en påminnelseavgift.", "Ingen avgift."),
            "de": ("Mahngebühr trotz rechtzeitiger Zahlung", "Ich habe am letzten Tag bezahlt und trotzdem eine Mahngebühr bekommen.", "Keine Gebühr."),
        },
    ),
    (
        "delivery", 2, "Mesh set", "carrier", "supplier",
        {
            "en": ("Parcel lost, nobody knows where", "The parcel is said to be delivered. It is not. The carrier sends me to you, you to the carrier.", "The set, this week."),
            "sv": ("Paketet borta, ingen vet var", "Paketet sägs vara utlämnat. Det är det inte. Transportören hänvisar till er och ni till transportören.", "Varan, den här veckan."),
            "de": ("Paket verschwunden, niemand weiß wohin", "Das Paket soll zugestellt sein. Ist es nicht. Die Spedition verweist an Sie, Sie an die Spedition.", "Die Ware, diese Woche."),
        },
    ),
    (
        "contract", 2, "", "wrong-information", "ours",
        {
            "en": ("Promised price was not kept", "In the shop I was promised 39.90 for two years. After six months you charge 49.90.", "The price I was promised."),
            "sv": ("Utlovat pris hölls inte", "I butiken lovades jag 39,90 i två år. Efter sex månader tar ni 49,90.", "Priset jag blev lovad."),
            "de": ("Versprochener Preis nicht gehalten", "Im Laden wurden mir 39,90 für zwei Jahre versprochen. Nach sechs Monaten verlangen Sie 49,90.", "Den versprochenen Preis."),
        },
    ),
    (
        "treatment", 1, "", "training", "ours",
        {
            "en": ("Transferred five times", "I was transferred five times and told the same story each time. The last one hung up.", "An apology."),
            "sv": ("Kopplad fem gånger", "Jag kopplades fem gånger och fick berätta samma sak varje gång. Den sista lade på.", "En ursäkt."),
            "de": ("Fünfmal weiterverbunden", "Ich wurde fünfmal weiterverbunden und musste jedes Mal alles neu erzählen. Der letzte hat aufgelegt.", "Eine Entschuldigung."),
        },
    ),
    (
        "privacy", 4, "", "process-gap", "ours",
        {
            "en": ("My neighbour's bill in my letter", "Besides my own bill there was my neighbour's, with all his calls.", "That this never happens again, and to know who has mine."),
            "sv": ("Grannens faktura i mitt kuvert", "I kuvertet låg även grannens faktura med alla hans samtal.", "Att det aldrig händer igen, och besked om vem som har min."),
            "de": ("Rechnung des Nachbarn in meinem Umschlag", "Neben meiner lag die Rechnung meines Nachbarn, mit allen Gesprächen.", "Dass das nie wieder geschieht, und wer meine hat."),
        },
    ),
    (
        "other", 1, "", "customer-expectation", "customer",
        {
            "en": ("Channel missing from the list", "My favourite channel has moved to another package, and nobody told me.", "The channel back."),
            "sv": ("En kanal saknas", "Min favoritkanal har flyttats till ett annat paket utan att någon sagt något.", "Kanalen tillbaka."),
            "de": ("Ein Sender fehlt", "Mein Lieblingssender ist in ein anderes Paket gewandert, ohne dass jemand etwas gesagt hat.", "Den Sender zurück."),
        },
    ),
]  # fmt: skip  # as above

ANSWERS = {
    "upheld": {
        "en": "You are right, and we are sorry. We have found the cause and put it right.",
        "sv": "Du har rätt, och vi beklagar. Vi har funnit orsaken och rättat till den.",
        "de": "Sie haben recht, und es tut uns leid. Wir haben die Ursache gefunden und behoben.",
    },
    "partly_upheld": {
        "en": "In part you are right. What we could put right we have put right.",
        "sv": "Du har delvis rätt. Det vi kunde rätta till har vi rättat till.",
        "de": "Zum Teil haben Sie recht. Was wir in Ordnung bringen konnten, haben wir in Ordnung gebracht.",
    },
    "rejected": {
        "en": "We have looked into it and cannot find a fault of ours.",
        "sv": "Vi har undersökt saken och kan inte finna något fel från vår sida.",
        "de": "Wir haben die Sache geprüft und finden keinen Fehler auf unserer Seite.",
    },
    "goodwill": {
        "en": "We do not see a fault of ours, but we would like to keep you as a content customer.",
        "sv": "Vi ser inget fel från vår sida, men vill gärna ha dig kvar som nöjd kund.",
        "de": "Wir sehen keinen Fehler bei uns, möchten Sie aber als zufriedenen Kunden behalten.",
    },
}
REPLIES = {
    "en": "Thank you. I have sent a photo. Please hurry.",
    "sv": "Tack. Jag har skickat en bild. Skynda er gärna.",
    "de": "Danke. Ich habe ein Foto geschickt. Bitte beeilen Sie sich.",
}
QUESTIONS = {
    "en": "Could you send us a photo of the label on the back, and tell us since when it happens?",
    "sv": "Kan du skicka en bild på etiketten på baksidan och berätta sedan när det händer?",
    "de": "Könnten Sie uns ein Foto des Etiketts auf der Rückseite schicken und sagen, seit wann es geschieht?",
}
NOTES = [
    "Rang the technician: same batch as last week.",
    "Customer very calm. Wants an answer more than money.",
    "Second time this quarter, see the older case.",
    "Carrier confirms loss, claim is open.",
]
