"""English errors typical of Swedish learners that a dictionary alone mends badly or not at all.

Only wrong forms that no English essay means otherwise are listed: what could be another word is left to the teacher.
"""

from collections.abc import Mapping
from types import MappingProxyType

# Words run together, as Swedish compounds are, or as they are heard.
_RUN_TOGETHER = """
abit=a bit; alot=a lot; allright=all right; aswell=as well; atleast=at least; birthdayparty=birthday party;
bestfriend=best friend; computergame=computer game; computergames=computer games; eachother=each other;
everytime=every time; footballmatch=football match; footballplayer=football player; footballteam=football team;
highschool=high school; icecream=ice cream; incase=in case; infact=in fact; infront=in front; inspite=in spite;
livingroom=living room; noone=no one; ofcourse=of course; offcourse=of course; ofcorse=of course;
policestation=police station; summerholiday=summer holiday; thankyou=thank you; trainstation=train station
"""

# Plurals English does not have, and pasts it forms otherwise.
_FORMS = """
advices=advice; equipments=equipment; feets=feet; furnitures=furniture; homeworks=homework; informations=information;
knowledges=knowledge; luggages=luggage; mices=mice; sheeps=sheep; teeths=teeth; wifes=wives; lifes=lives; knifes=knives;
becomed=became; begined=began; breaked=broke; bringed=brought; builded=built; buyed=bought; catched=caught;
choosed=chose; comed=came; cutted=cut; drinked=drank; drived=drove; eated=ate; falled=fell; feeled=felt;
fighted=fought; finded=found; forgetted=forgot; gived=gave; goed=went; growed=grew; hitted=hit; hurted=hurt;
keeped=kept; knowed=knew; losed=lost; maked=made; meeted=met; payed=paid; readed=read; runned=ran; sayed=said;
sended=sent; sleeped=slept; speaked=spoke; spended=spent; standed=stood; swimmed=swam; taked=took; teached=taught;
telled=told; thinked=thought; throwed=threw; understanded=understood; winned=won; writed=wrote
"""

# Spelt as in Swedish, or as a Swede hears it.
_SOUNDS = """
adress=address; becouse=because; becaus=because; beautifull=beautiful; allways=always; allmost=almost;
allready=already; allthough=although; diffrent=different; exampel=example; familj=family; fantasi=fantasy;
intresting=interesting; intressting=interesting; intrested=interested; kultur=culture; littel=little; musik=music;
offen=often; peopel=people; realy=really; succes=success; untill=until; wich=which; withouth=without; writting=writing;
happend=happened; heared=heard; responsability=responsibility; mabye=maybe; maby=maybe
"""

# The apostrophe that Swedish does without.
_APOSTROPHES = """
arent=aren't; cant=can't; couldnt=couldn't; couldve=could've; didnt=didn't; doesnt=doesn't; dont=don't; hadnt=hadn't;
hasnt=hasn't; havent=haven't; im=I'm; isnt=isn't; ive=I've; shouldnt=shouldn't; shouldve=should've; thats=that's;
wasnt=wasn't; werent=weren't; wouldnt=wouldn't; wouldve=would've; youre=you're; youve=you've; theyre=they're
"""

# Swedish writes these without a capital, or a Swede does. (march, may, polish, turkey: words of their own.)
_CAPITALS = """
American British Christmas Danish England English Europe European Finnish French German Norwegian Spanish Sweden
Swedish Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February April June July September October
November December
"""


def _entries(table: str) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in table.split(";"))
    return {wrong.strip(): right.strip() for wrong, _, right in pairs}


LEARNER_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        **_entries(_RUN_TOGETHER),
        **_entries(_FORMS),
        **_entries(_SOUNDS),
        **_entries(_APOSTROPHES),
        **{name.lower(): name for name in _CAPITALS.split()},
    }
)
"""The wrong form, in lower case, and what to write instead."""
