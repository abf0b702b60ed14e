"""The words around names: what labels say, what else stands in headers and file names, what makes a line prose."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MINE = (
    "full name|student(?: ?s)? (?:full )?name|name of (?:the )?student|name|namn|elevens namn|elevnamn|elev|"
    "student|studentens namn|fullstandigt namn|for- och efternamn|author|forfattare|written by|submitted by|"
    "handed in by|skriven av|skrivet av|inlamnad av|inlamnat av|inskickad av|from|fran|sender|avsandare|"
    "candidate|candidate name|deltagare|participant|av|by"
)
_FIRST = "first name|given name|fornamn|tilltalsnamn"
_LAST = "last name|family name|surname|efternamn"
_OTHERS = (
    "(?:teacher|parent|guardian|school|course|file|class|project|assignment|book|group|team|exam|test|partner)"
    "(?: ?s)? name|"
    "name of (?:the )?(?:teacher|school|course|partner|book)|namn pa (?:larare|skola|kurs|bok)|vardnadshavare|"
    "malsman|parent|teacher|larare|undervisande larare|larares namn|lararens namn|instructor|professor|examiner|"
    "examinator|handledare|supervisor|mentor|tutor|to|till|recipient|mottagare|from the desk of|reviewed by|"
    "reviewer|peer review|peer reviewer|peer review by|peer feedback from|kamratrespons|kamratrespons av|"
    "kamratbedomning av|respons av|respons fran|granskad av|graded by|marked by|bedomd av|bedomare|rattad av|"
    "corrected by|partner|opponent|group|group members|grupp|gruppmedlemmar|principal|rektor|class|klass|course|"
    "kurs|date|datum|school|skola|subject|amne|topic|tema|title|titel|rubrik|assignment|uppgift|task|word count|"
    "words|antal ord|ord|grade|betyg|time|tid|submitted|inlamnad|inlamnat|period|book|bok|film|movie|about|om|"
    "characters?|main characters?|personer|huvudperson|huvudpersoner|interview with|intervju med|dear|cc|"
    "subject line"
)
_ANY = rf"(?P<mine>{_MINE})|(?P<first>{_FIRST})|(?P<last>{_LAST})|(?P<others>{_OTHERS})"

LABEL = re.compile(rf"(?<![a-z0-9])(?:{_ANY})\s*[:=](?!//)")
"""In a folded line, what says of whom the rest speaks: the student, half of the student, or somebody else."""

LABEL_ALONE = re.compile(_ANY)
"""The same as a whole cell, before the cell that it is about."""

BYLINE = re.compile(r"\W*(?:(?:written|skriven|skrivet) )?(?:by|av) +(?P<name>.+)")
"""A cell that names who wrote the text, and nothing else."""

BYLINE_AFTER_TITLE = re.compile(r".+ (?:by|av) +(?P<name>.+)")
"""The same after a title, or something that looks like one."""

ROLES = _words(
    """
    examinator examiner handledare instructor larare lararen mentor opponent partner proctor professor rektor reviewer
    supervisor teacher
    """
)
"""Labels of others that need no colon, anywhere in a cell."""

GREETINGS = _words("dear hej hejsan hello hi kara")
"""A cell that begins with one of these greets somebody."""

ADDRESSED = _words(
    """
    about kring med meet meeting mot om till to versus vs with
    """
)
"""What follows one of these is not who wrote it."""

HONOURED = _words(
    """
    adjunkt doktor dr froken fru herr lektor madam magister miss mister mr mrs ms prof professor sir
    """
)
"""Nobody calls himself so at school: whoever is named beside one of these is the teacher."""

FURNITURE = _words(
    """
    a ab academic ak aktuell am analys analysis and andra antal apr april argumentation argumentative
    argumenterande arskurs assignment assignsubmission aug august augusti av berattelse bok bokanalys
    bokrecension book by classroom copy corrected course date datum de dec december del digiexam doc document
    docx dokument draft edited eget elev en eng engelsk engelska engelskan english ent entregue essa essay
    essay1 essayen essays exam examen examination exempel expository feb februari february feedback fil file
    final finalversion first fixed formal forsta fran fredag friday from google grupp hand handin home homework
    ht htm inl inlaga inlamning inlamningsuppgift insandare jan januari january jul juli july jun june juni
    kapitel kl klar klass klassen klassrum klockan kopia krav kronika kurs kursen langre lasa lasjournal lasning
    last late ljud lordag lp maj mandag mar march mars may min mitt module moment monday my name namn narrative
    nationella net new no nov novell noveller november np ny och oct october odt of okt oktober onlinetext
    onsdag opinion ord page part pdf persuasive piece pm portfolio post presentation prov provet rapport rattad
    recension redigerad redigerat reflection reflektion report response retake review rewritten rtf samhalle
    saturday sep sept september sida sista skola skoluppgift skriftlig skrivande skriven skrivet skrivning
    skrivuppgift slutgiltig slutlig slutuppgift slutversion sondag speech student submission submitted sunday sv
    svar sve svenska svenskan swedish tal task teams term test text textanalys texten third thursday till time
    tisdag torsdag tredje tuesday turnitin txt untitled uppgift upps uppsats ut utkast utredande utredning v
    vecka ver vers version vt wednesday week words write writing written
    """
)
"""Words of headers and file names that are nobody's name; where they are somebody's, the roster says so."""

PARTICLES = _words("af al bin da de del den der di dos du el ibn la le mac mc ter van vom von zu")
"""Words within family names that say nothing about whose name it is."""

PROSE = _words(
    """
    about after again alla allt am ar are as at att be because been before blev blir but can could dar dem deras
    det dig efter eftersom eller ett for gick had hade har has have he hennes her here him his hon honom how hur
    if in innan inte into is it its jag just kan know kunde like made make me men mig min mina mitt mycket nagon
    nagot nar ni not nu on or oss over pa sa sade said sedan she should ska skulle so som than that the their
    them then there these they think this those tror under vad var vara varfor vet vi vid ville want was we went
    were what when where which who why would you your
    """
)
"""Function words of English and Swedish: a line with several of them is no name."""
