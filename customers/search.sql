-- How customers are found: one inverted index over lexemes that say what kind of thing they are.
--
--   anna            a word of a name, folded: small letters, no diacritics, Müller = Mueller = Muller, ß = ss
--   ^a              its first letter, for an initial beside another word
--   ~mr.e           the same word as it is heard: consonants in classes, then the class of the first vowel
--   #c104882        the customer number without its punctuation, and its digits alone
--   +76543210764    the phone number backwards, so that its last digits are a prefix
--   @asa@example.se the e-mail address
--
-- The functions are immutable and spell out what they fold, so that they give the same on any server and locale. Triggers
-- keep customers_vector(…) in each row, so every row is right by whichever door it came in; only an import, which makes it
-- itself for plain names (lexemes.py), brings it along. The column is the database's own: no model reads it.

CREATE OR REPLACE FUNCTION customers_fold(raw text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $$
DECLARE
    x text := translate(raw, '''’ʼ´`', '');  -- O'Brien is one word
BEGIN
    IF octet_length(x) > char_length(x) THEN
        x := regexp_replace(normalize(x, NFKD), '[\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]', '', 'g');
        IF octet_length(x) > char_length(x) THEN
            x := translate(x, 'øØđĐðÐłŁıħĦŧŦəƏ–—‐‑‒―…·•«»„“”‚‘¿¡§、。・', 'oOdDdDlLihHtTee                      ');
            x := replace(replace(replace(replace(x, 'ß', 'ss'), 'ẞ', 'ss'), 'æ', 'ae'), 'Æ', 'ae');
            x := replace(replace(replace(replace(x, 'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th'), 'Þ', 'th');
        END IF;
        IF octet_length(x) > char_length(x) THEN
            x := translate(
                x,
                'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЈЉЊЋЏҐӘҒҚҢӨҰҮҺԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ',
                'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюяєіјљњћџґәғқңөұүһաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ'
            );
        END IF;
    END IF;
    x := lower(translate(x, E'!"#$%&()*+,-./:;<=>?@[\\]^_{|}~\t\r\n\v\f', '                                     ') COLLATE "C");
    RETURN replace(replace(replace(replace(x, 'aa', 'a'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u');
END $$;

-- The sound of one folded word as Swedish, German and English ears have it: “fsn.e” for Svensson … Empty for other scripts.
CREATE OR REPLACE FUNCTION customers_sound(word text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $$
DECLARE
    x text := word;
    vowels text;
    class text;
BEGIN
    IF translate(x, 'abcdefghijklmnopqrstuvwxyz', '') <> '' THEN
        RETURN '';
    END IF;
    vowels := left(ltrim(replace(x, 'qu', 'q'), 'bcdfghjklmnpqrstvwxz'), 3);
    IF left(vowels, 1) = 'y' AND x LIKE 'y%' THEN
        vowels := coalesce(nullif(ltrim(vowels, 'y'), ''), vowels);  -- Young begins as Jung does
    END IF;
    vowels := left(vowels, 2);
    class := CASE
        WHEN vowels IN ('ai', 'ay', 'ei', 'ey', 'aj', 'ej') THEN 'e'
        WHEN vowels IN ('ie', 'ee', 'ea') THEN 'i'
        WHEN vowels IN ('ou', 'oo') THEN 'u'
        WHEN left(vowels, 1) = 'o' THEN 'a'  -- å is written with either
        WHEN left(vowels, 1) = 'y' THEN 'i'
        ELSE left(vowels, 1)
    END;

    -- as a word begins
    x := CASE left(x, 2)
        WHEN 'ch' THEN CASE WHEN substr(x, 3, 1) IN ('r', 'l') THEN 'k' ELSE 's' END || substr(x, 3)
        WHEN 'sk' THEN CASE WHEN substr(x, 3, 1) IN ('i', 'e', 'y', 'j') THEN 's' ELSE 'sk' END || substr(x, 3)
        WHEN 'hj' THEN substr(x, 2)
        WHEN 'lj' THEN substr(x, 2)
        WHEN 'dj' THEN substr(x, 2)
        WHEN 'gj' THEN substr(x, 2)
        WHEN 'kj' THEN 'k' || substr(x, 3)
        WHEN 'tj' THEN 'k' || substr(x, 3)
        WHEN 'wr' THEN substr(x, 2)
        WHEN 'ps' THEN substr(x, 2)
        ELSE CASE
            WHEN left(x, 1) = 'x' THEN 's' || substr(x, 2)
            WHEN left(x, 1) = 'y' AND substr(x, 2, 1) IN ('a', 'e', 'i', 'o', 'u') THEN 'j' || substr(x, 2)
            ELSE x
        END
    END;
    -- anywhere
    x := replace(replace(replace(replace(replace(x, 'tsch', 's'), 'sch', 's'), 'stj', 's'), 'sj', 's'), 'sh', 's');
    x := replace(replace(replace(replace(replace(x, 'ght', 't'), 'ph', 'f'), 'ck', 'k'), 'cz', 's'), 'ch', 'k');
    x := replace(replace(replace(replace(replace(x, 'qu', 'kv'), 'x', 'ks'), 'tz', 's'), 'ts', 's'), 'ds', 's');
    x := replace(replace(replace(replace(replace(x, 'ce', 'se'), 'ci', 'si'), 'cy', 'sy'), 'ndq', 'nq'), 'ndk', 'nk');
    -- classes of consonants, then no doubles; h and j count only at the beginning
    x := translate(x, 'bcdgqvwz', 'pktkkffs');
    x := replace(replace(replace(replace(replace(x, 'ss', 's'), 'nn', 'n'), 'll', 'l'), 'tt', 't'), 'kk', 'k');
    x := replace(replace(replace(replace(replace(x, 'ff', 'f'), 'pp', 'p'), 'mm', 'm'), 'rr', 'r'), 'ss', 's');
    RETURN CASE WHEN left(x, 1) IN ('a', 'e', 'i', 'o', 'u', 'y') THEN '0' ELSE left(x, 1) END
        || translate(substr(x, 2), 'aeiouyhj', '') || '.' || class;
END $$;

CREATE OR REPLACE FUNCTION customers_vector(
    number text, given_name text, family_name text, company text, email text, phone text
) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 SET search_path FROM CURRENT AS $$
DECLARE
    folded text := customers_fold(given_name || ' ' || family_name || ' ' || company);
    words text[] := array_remove(string_to_array(folded, ' '), '');
    lexemes text[] := words;
    word text;
    plain text := lower(translate(number, ' -./_', '') COLLATE "C");
    digits text;
BEGIN
    FOREACH word IN ARRAY words LOOP
        lexemes := lexemes || ('^' || left(word, 1)) || ('~' || nullif(customers_sound(word), ''));
    END LOOP;
    IF strpos(given_name, '-') > 0 OR strpos(family_name, '-') > 0 THEN  -- Anna-Karin, said as Annakarin
        lexemes := lexemes || string_to_array(customers_fold(replace(given_name || ' ' || family_name, '-', '')), ' ');
    END IF;
    IF octet_length(folded) > char_length(folded) THEN  -- 王伟 is written without a space
        lexemes := lexemes || replace(customers_fold(family_name || given_name), ' ', '');
    END IF;
    digits := translate(plain, 'abcdefghijklmnopqrstuvwxyz', '');
    lexemes := lexemes || ('#' || plain) || ('#' || digits);
    IF phone <> '' THEN
        lexemes := lexemes || ('+' || reverse(translate(phone, '+ ', '')));
    END IF;
    IF email <> '' THEN
        lexemes := lexemes || ('@' || lower(email COLLATE "C"));
    END IF;
    RETURN array_to_tsvector(array_remove(array_remove(lexemes, NULL), ''));
END $$;

CREATE OR REPLACE FUNCTION customers_lexeme(raw text, beginning boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '''' || replace(replace(raw, '\', '\\'), '''', '''''') || '''' || CASE WHEN beginning THEN ':*' ELSE '' END
$$;

-- What was typed, as a query, wider with each tier: 1 whole words, 2 beginnings of words, 3 or the sound of a word,
-- 4 or the consonants of its sound. Every word must be met, in any order. NULL when nothing can be looked for.
CREATE OR REPLACE FUNCTION customers_query(typed text, tier integer) RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    asked text := left(btrim(typed), 200);
    whole text := lower(translate(asked, ' -./_()+', '') COLLATE "C");
    token text;
    word text;
    digits text;
    alternatives text[];
    met text[];
    terms text[] := '{}';
    answer text;
BEGIN
    IF char_length(whole) < 2 AND octet_length(whole) = char_length(whole) AND tier > 1 THEN
        RETURN NULL;  -- one letter begins half of all names
    END IF;
    FOR token IN
        SELECT part[1] FROM regexp_matches(asked, '([+(]?[0-9][0-9 ()./+-]*[0-9](?=\s|$)|\S+)', 'g') AS part
    LOOP
        IF strpos(token, '@') > 1 THEN
            terms := terms || customers_lexeme('@' || lower(token COLLATE "C"), true);
        ELSIF token ~ '^[+(]?[0-9][0-9 ()./+-]*$' THEN
            digits := regexp_replace(token, '\(0\)|[^0-9]', '', 'g');
            alternatives := ARRAY[customers_lexeme('#' || digits, true), customers_lexeme(digits, true)];
            digits := ltrim(digits, '0');
            IF char_length(digits) >= 3 THEN
                alternatives := alternatives || customers_lexeme('+' || reverse(digits), true);
            END IF;
            terms := terms || ('(' || array_to_string(alternatives, ' | ') || ')');
        ELSE
            met := '{}';
            FOREACH word IN ARRAY array_remove(string_to_array(customers_fold(token), ' '), '') LOOP
                alternatives := ARRAY[
                    CASE WHEN tier > 1 AND char_length(word) = 1 THEN customers_lexeme('^' || word, false)
                    ELSE customers_lexeme(word, tier > 1) END
                ];
                digits := split_part(customers_sound(word), '.', 1);
                IF char_length(word) = 1 THEN
                    NULL;
                ELSIF tier = 3 AND digits <> '' THEN
                    alternatives := alternatives || customers_lexeme('~' || customers_sound(word), false);
                ELSIF tier = 4 AND char_length(digits) > 1 THEN
                    alternatives := alternatives
                        || customers_lexeme('~' || digits || CASE WHEN char_length(digits) < 3 THEN '.' ELSE '' END, true);
                END IF;
                met := met || ('(' || array_to_string(alternatives, ' | ') || ')');
            END LOOP;
            IF met <> '{}' THEN
                alternatives := ARRAY['(' || array_to_string(met, ' & ') || ')'];
                IF strpos(token, '-') > 1 THEN
                    word := replace(customers_fold(replace(token, '-', '')), ' ', '');
                    IF word <> '' THEN
                        alternatives := alternatives || customers_lexeme(word, tier > 1);
                    END IF;
                END IF;
                terms := terms || ('(' || array_to_string(alternatives, ' | ') || ')');
            END IF;
        END IF;
    END LOOP;
    answer := array_to_string(terms, ' & ');
    IF whole ~ '^[a-z]*[0-9][a-z0-9]*$' THEN  -- a customer number, however it is broken up
        answer := array_to_string(ARRAY[nullif(answer, ''), customers_lexeme('#' || whole, true)], ' | ');
    END IF;
    RETURN nullif(answer, '')::tsquery;
END $$;

ALTER TABLE customers_customer ADD COLUMN search tsvector NOT NULL;

CREATE FUNCTION customers_keep_search() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.search := customers_vector(NEW.number, NEW.given_name, NEW.family_name, NEW.company, NEW.email, NEW.phone);
    RETURN NEW;
END $$;

CREATE TRIGGER customers_search_of_new BEFORE INSERT ON customers_customer FOR EACH ROW
WHEN (NEW.search IS NULL) EXECUTE FUNCTION customers_keep_search();

CREATE TRIGGER customers_search_of_changed BEFORE UPDATE ON customers_customer FOR EACH ROW
WHEN ((OLD.number, OLD.given_name, OLD.family_name, OLD.company, OLD.email, OLD.phone)
    IS DISTINCT FROM (NEW.number, NEW.given_name, NEW.family_name, NEW.company, NEW.email, NEW.phone))
EXECUTE FUNCTION customers_keep_search();

ALTER TABLE customers_customer ENABLE ALWAYS TRIGGER customers_search_of_new;
ALTER TABLE customers_customer ENABLE ALWAYS TRIGGER customers_search_of_changed;

CREATE INDEX customers_customer_search ON customers_customer USING gin (search);
