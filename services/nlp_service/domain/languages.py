"""What the analysis knows of each language: small closed word lists, and how to tell the languages apart."""

from collections import Counter
from dataclasses import dataclass

from common_core.enums import Language

UNDETERMINED = "und"
"""BCP 47's word for a language that nobody could tell."""

RECOGNISED_FROM = 0.20
"""Share of words that must be function words of one language alone; English and Swedish prose has nearly twice that."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The closed word lists of one language, all lower-case."""

    function_words: frozenset[str]
    connectives: frozenset[str]
    first_person: frozenset[str]
    second_person: frozenset[str]
    third_person: frozenset[str]
    spoken_forms: frozenset[str]
    lowercase_slips: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = Profile(
    function_words=_words("""
        a about after again all also am an and any are as at be because been before being but by can can't could
        couldn't did didn't do does doesn't don't down each every few for from had has have having he he's her here
        hers him his how i i'm i've if in into is isn't it it's its just may me might more most must my no nor not of
        off on one only or other our out over own shall she she's should so some such than that that's the their them
        then there there's these they they're this those through to too under until up us very was wasn't we were what
        when where which while who whom whose why will with won't would wouldn't you you're your
    """),
    connectives=_words("""
        accordingly additionally after also although because before besides consequently despite finally first firstly
        furthermore hence however if indeed instead lastly likewise meanwhile moreover namely nevertheless nonetheless
        otherwise second secondly similarly since so still then therefore third thirdly though thus unless until when
        whereas while whilst yet
    """),
    first_person=_words("i me my mine myself we us our ours ourselves i'm i've i'll i'd we're we've we'll we'd"),
    second_person=_words("you your yours yourself yourselves you're you've you'll you'd"),
    third_person=_words("""
        he he'd he'll he's her hers herself him himself his she she'd she'll she's their theirs them themselves they
        they'd they'll they're they've
    """),
    spoken_forms=_words("ain't bc cuz dunno gonna gotta kinda lemme lol omg pls sorta u ur wanna ya yeah yep"),
    lowercase_slips=_words("i i'm i've i'll i'd im ive"),
)

SWEDISH = Profile(
    function_words=_words("""
        all alla allt andra att av bara blev bli blir de dem den denna deras dess dessa det detta dig din dina ditt
        dom du där då efter eftersom ej eller en er era ert ett från för ha hade han hans har henne hennes hon honom
        hur här i icke in ingen inget inte jag ju kan kom kommer kunde man med mellan men mer mig min mina mitt mot
        mycket måste ni nog nu när någon något några och om oss på samma sedan sen sig sin sina sitt ska skulle som så
        till under upp ut utan vad var vara varför varit vem vi vid vilka vilken vilket vill vår våra vårt än är även
        över
    """),
    connectives=_words("""
        alltså annars avslutningsvis dels dessutom dock därefter däremot därför därtill då eftersom emellertid
        exempelvis fast fastän följaktligen först ifall innan istället likaså medan men nämligen när också om
        sammanfattningsvis samtidigt sedan slutligen snarare så således såvida trots tvärtom ty vidare visserligen
        ytterligare ändå även
    """),
    first_person=_words("jag mig mej min mitt mina vi oss vår vårt våra våran vårat"),
    second_person=_words("du dig dej din ditt dina ni er ert era eran"),
    third_person=_words("han honom hans hon henne hennes hen hens de dem dom deras sig sej sin sitt sina"),
    spoken_forms=_words(
        "asså ba dej dom eran iallafall liksom mej nån nånstans nånting nåt sej sen sån sånt såna typ va våran"
    ),
)

PROFILES: dict[Language, Profile] = {Language.ENGLISH: ENGLISH, Language.SWEDISH: SWEDISH}


ROMANCE = _words("a as de do du en era he me no on or se")
"""Function words of ours that French, Spanish or Portuguese have too, with another meaning."""


def _only_in(language: Language) -> frozenset[str]:
    others = (profile.function_words for other, profile in PROFILES.items() if other != language)
    return PROFILES[language].function_words.difference(ROMANCE, *others)


MARKERS: dict[Language, frozenset[str]] = {language: _only_in(language) for language in PROFILES}
"""Function words that give their language away."""


def detect_language(types: Counter[str]) -> str:
    """The language whose own function words are commonest among these lower-case words; `und` without clear evidence.

    Counting function words is the simplest of the methods compared by Grefenstette (1995), "Comparing two language
    identification schemes", and enough to tell two languages apart.
    """
    evidence = {language: sum(types[word] for word in words) for language, words in MARKERS.items()}
    best = max(evidence, key=lambda language: evidence[language])
    runner_up = max(count for language, count in evidence.items() if language != best)
    clear = evidence[best] > runner_up and evidence[best] >= RECOGNISED_FROM * types.total()
    return best.value if clear else UNDETERMINED
