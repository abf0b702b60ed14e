"""Names that stand for each other: short forms, and spellings that no rule for typing errors connects."""

_GROUPS = """
abdullah abdallah abdulla
agneta neta
ahmed ahmad achmed ahmet
aleksandra alexandra sandra alex sasha ola
alexander aleksander aleksandr alex sascha sasha xander lexa
ali aly
anders andre andreas andy
andrew andy drew
anna ann anne annie anni ania anja anya annika
antonio anton tony toni
arvid arve
axel acke
barbara basia barbro babs
benjamin ben benny benji
bengt benke
birgitta gitta britta
catherine katarina katharina catarina katrin katja kate katie cathy kathy kajsa cattis karin kaisa
charlotte charlotta lotta lotte charlie lottie
christian kristian chris krille
christina kristina kristin christine christin stina tina kicki chris kia
christopher kristoffer christoffer chris kris toffe
daniel dan danne danny daniil
david dave davide dawid
dimitri dmitri dima dmitry mitja
dorota dorothea dorothy dora dot
edward eddie ed edvard ted teddy
eleonora elenor eleanor nora ella elle
elizabeth elisabeth elisabet elsa lisa lisbet lisbeth liz lizzy beth betty bettan elise liza
emanuel manuel manne
emelie emily emilie emmy millie emilia
emil emile emilio
erik eric erick erika
fatima fatma fatme fatemeh fatimah
filip philip philippe phil filippa
florence flo
francisco paco frank francesco frans
frederick fredrik fredric fred fredde freddy frederik
gabriel gabbe gabriele gabe
gabriella gabriela gabbi gabby ella
george georg jorge giorgi jorgen jurgen
giovanni gianni johan
gregory greg grzegorz
gunnar gurra
gustav gustaf gurra gusten gus
hassan hasan hassaan
helena helen helene elena ellen lena
henrik henry henke harry hank henryk
hussein hussain hosein husain huseyin
ibrahim abraham ebrahim brahim
ingrid inga inger
isabella isabelle isabel isa bella izabela
ivan iwan vanja
johan johannes jan john jon jean jonny johnny janne jack
hans hasse johannes
jacob jakob jake jacques jaap jim
james jim jimmy jamie
jennifer jenny jen jenni
jessica jess jessie
joakim jocke joachim kim
jonas jonah
jonathan jonte jon jonatan nathan
joseph josef yusuf yousef youssef jose joe joey josip giuseppe yousuf
josephine josefin josefine jossan fina
julia julie juliana julka
karl carl kalle charles charlie carlos karol karolus chuck
karolina carolina caroline karoline carro lina
katarzyna kasia
khadija khadijah hadija khadidja
khalid khaled kaled
lars lasse lasso laurits
laura lora
leila layla laila leyla lejla
leonard lennart leo lenny leonardo leon
linnea nea linn
louise lovisa lovis lou luisa
ludvig ludwig ludde louis luis luigi
lukas lucas luke luka luca lukasz
maciej mathias matthias mattias matthew mats matt matte matteus mateusz mateo matti
madeleine maddie madde madelene
magdalena lena magda malena
magnus mange
malgorzata margareta margaret margit maggie greta marga gosia meg peggy marguerite margarita
maria marie mia mary marika marja mariya maja
maryam mariam miriam mimmi mirjam
martin marty marcin
maximilian max maximus maxim maksym maksim
mehmet mohammed muhammad mohamed mohammad muhammed mohamad mo mahmud muhamad mohamud
michael mikael michel mike micke michal mikhail misha miguel mikkel mick
mustafa mostafa mustapha
natalia natalie natasha natalja
nicholas niklas nicklas nicolas nick nicke nikolaj nikolai nico niko mikolaj
klas claes klaes
nils nisse
noor nur nour
olof olov ola olle olaf olav
oscar oskar oskari
osman uthman othman
oyvind ojvind
patrick patrik pat padraig patryk
paul pal pavel pawel pablo paavo paulo
per peter pelle petter pedro piotr pete petr petri pierre
pernilla pella nilla petronella
philippa filippa pippa
rafael raphael rafa
rebecca rebecka rebeka becky becka
richard rickard rikard rick ricky dick ricardo ryszard
robert robin rob bob bobby robbie roberto
roger rutger
ronja ronia
salah saleh
samuel sam sammy samir
sara sarah zara sally
sebastian seb sebbe bastian
simon szymon simeon
sofia sophia sofie sophie zofia sofi zosia fia fifi
stefan steven stephen steve stephan steffe szczepan esteban etienne
susanne susanna susan sussi sanna sue zuzanna susie
sven svenne
teresa therese theresa tess tessan terese
theodor teodor ted theo teo
thomas tomas tom tommy tomasz tomek
tobias tobbe tobbias toby
ulf uffe
ulrika ulla ulrica
valentina vale tina
veronica veronika vera nika
victor viktor vic wiktor
victoria viktoria vicky vickan tori wiktoria
vilhelm wilhelm william ville wille will bill billy willy liam
vincent vinnie vinzent
xavier javier
yasmin jasmin jasmine yasmine yasemin jasmina
yevgeniy evgeny eugene zhenya jevgenij
youssra yusra
zachary zacharias zach zack zakaria sakarias zakariya
zainab zaynab zeinab
"""


def _mates() -> dict[str, frozenset[str]]:
    mates: dict[str, frozenset[str]] = {}
    for group in map(frozenset, map(str.split, _GROUPS.strip().splitlines())):
        for name in group:
            mates[name] = mates.get(name, frozenset()) | (group - {name})
    return mates


STANDS_FOR = _mates()
"""For each name the others that the same person may go by; all of them folded."""
