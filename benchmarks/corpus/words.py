"""Vocabularies, in the languages of the tables; written for the corpus from general knowledge."""

# ruff: noqa: E501
from __future__ import annotations

LANGUAGES = ("en", "de", "fr", "nl", "zh", "es")


def _spoken(text: str) -> dict[str, list[str]]:
    rows = [line.split(":", 1) for line in text.strip().splitlines()]
    return {lang.strip(): [w.strip() for w in words.split(",")] for lang, words in rows}


SEX = _spoken("""
en: male, female, M, F
de: männlich, weiblich, divers
fr: homme, femme, masculin, féminin
nl: man, vrouw
zh: 男, 女
es: hombre, mujer, masculino, femenino
""")
MARITAL = _spoken("""
en: single, married, divorced, widowed, separated
de: ledig, verheiratet, geschieden, verwitwet
fr: célibataire, marié, divorcé, veuf, pacsé
nl: ongehuwd, gehuwd, gescheiden, weduwe
zh: 未婚, 已婚, 离异, 丧偶
es: soltero, casado, divorciado, viudo
""")
RELIGION = _spoken("""
en: Catholic, Muslim, Protestant, Jewish, Hindu, Buddhist, Sikh, Atheist, Orthodox
de: römisch-katholisch, evangelisch, muslimisch, jüdisch, konfessionslos, orthodox
fr: catholique, musulman, protestant, juif, bouddhiste, athée
nl: katholiek, protestants, moslim, joods, hindoe, boeddhist
zh: 佛教, 基督教, 伊斯兰教, 道教, 天主教
es: católico, musulmán, protestante, judío, ateo, budista
""")
HEALTH = _spoken("""
en: diabetes, asthma, hypertension, depression, pneumonia, migraine, epilepsy, breast cancer, HIV infection, anxiety disorder, COPD, influenza, arthritis, schizophrenia
de: Diabetes, Asthma, Bluthochdruck, Depression, Lungenentzündung, Migräne, Epilepsie, Brustkrebs, Arthritis, Grippe
fr: diabète, asthme, hypertension, dépression, pneumonie, migraine, épilepsie, cancer du sein, grippe, arthrite
nl: diabetes, astma, hypertensie, depressie, longontsteking, migraine, epilepsie, borstkanker, griep, reuma
zh: 糖尿病, 哮喘, 高血压, 抑郁症, 肺炎, 偏头痛, 癫痫, 乳腺癌, 流感, 关节炎
es: diabetes, asma, hipertensión, depresión, neumonía, migraña, epilepsia, cáncer de mama, gripe, artritis
""")
ETHNIC = _spoken("""
en: White British, Black Caribbean, Hispanic or Latino, Asian, African American, Roma, Pacific Islander
de: deutsch, türkisch, sorbisch, kurdisch, afrodeutsch, Sinti
fr: caucasien, maghrébin, africain, antillais, asiatique, rom
nl: Nederlands, Turks, Marokkaans, Surinaams, Antilliaans
zh: 汉族, 回族, 维吾尔族, 藏族, 壮族, 满族
es: mestizo, blanco, afrodescendiente, indígena, gitano, quechua
""")
PARTY = _spoken("""
en: Democrat, Republican, Independent, Green, Libertarian, Conservative, Labour
de: CDU, SPD, Grüne, FDP, Die Linke, AfD
fr: Les Républicains, Parti socialiste, Renaissance, PTB, MR, Écolo
nl: VVD, D66, PvdA, CDA, N-VA, Vooruit, Groen
zh: 中共党员, 共青团员, 群众, 民盟盟员
es: PSOE, Partido Popular, Vox, Sumar, Podemos
""")
UNION = _spoken("""
en: Teamsters, Unite, UAW, SEIU, none, GMB
de: IG Metall, ver.di, IG BCE, GEW, keine
fr: CGT, CFDT, FO, CSC, FGTB, aucun
nl: FNV, CNV, ACV, ABVV, geen
zh: 工会会员, 非会员
es: CCOO, UGT, USO, ninguno
""")
SEXUAL = _spoken("""
en: heterosexual, homosexual, bisexual, asexual, gay, lesbian
de: heterosexuell, homosexuell, bisexuell, lesbisch, schwul
fr: hétérosexuel, homosexuel, bisexuel, lesbienne
nl: heteroseksueel, homoseksueel, biseksueel, lesbisch
zh: 异性恋, 同性恋, 双性恋
es: heterosexual, homosexual, bisexual, lesbiana
""")
CRIME = _spoken("""
en: none, theft conviction 2019, burglary, assault, fraud, drunk driving, no convictions
de: keine Einträge, Diebstahl, Betrug, Körperverletzung, Trunkenheit im Verkehr
fr: néant, vol simple, escroquerie, coups et blessures, conduite en état d'ivresse
nl: geen, diefstal, oplichting, mishandeling, rijden onder invloed
zh: 无犯罪记录, 盗窃罪, 诈骗罪, 故意伤害罪
es: sin antecedentes, hurto, estafa, lesiones, conducción bajo los efectos del alcohol
""")
NATION = _spoken("""
en: American, German, French, Belgian, Chinese, British, Polish, Indian, Dutch, Italian
de: deutsch, türkisch, polnisch, italienisch, österreichisch, syrisch
fr: française, belge, marocaine, italienne, portugaise, algérienne
nl: Nederlandse, Belgische, Poolse, Turkse, Marokkaanse
zh: 中国, 美国, 日本, 韩国, 德国
es: española, mexicana, colombiana, argentina, rumana
""")
COUNTRY = _spoken("""
en: Germany, France, Belgium, Netherlands, United States, United Kingdom, Spain, Italy, Poland, China, Canada, Ireland
de: Deutschland, Österreich, Schweiz, Belgien, Frankreich, Niederlande, Polen
fr: France, Belgique, Suisse, Luxembourg, Allemagne, Pays-Bas, Espagne
nl: Nederland, België, Duitsland, Frankrijk, Luxemburg
zh: 中国, 美国, 法国, 德国, 比利时, 英国
es: España, México, Argentina, Colombia, Francia, Portugal
""")
CODES = ["DE", "FR", "BE", "NL", "US", "GB", "ES", "IT", "PL", "CN", "LU", "AT", "CH", "IE", "PT", "SE"]
GOODS = _spoken("""
en: cotton T-shirt, phone case, LED lamp, wireless earphones, running shoes, toy car, ceramic mug, leather wallet, USB cable, yoga mat
de: Baumwoll-T-Shirt, Handyhülle, LED-Lampe, Kopfhörer, Laufschuhe, Spielzeugauto, Keramikbecher, Ledergeldbörse
fr: tee-shirt en coton, coque de téléphone, lampe LED, écouteurs sans fil, chaussures de course, tasse en céramique
nl: katoenen T-shirt, telefoonhoesje, ledlamp, draadloze oordopjes, hardloopschoenen, keramische mok
zh: 纯棉T恤, 手机壳, LED灯, 无线耳机, 跑步鞋, 玩具车, 陶瓷杯, 真皮钱包
es: camiseta de algodón, funda de móvil, lámpara LED, auriculares inalámbricos, zapatillas, taza de cerámica
""")
NOTES = _spoken("""
en: Customer called about the delivery, Left at the door, Please call back, Waiting for documents, Second attempt failed, Box damaged, All in order
de: Kunde hat wegen der Lieferung angerufen, Vor der Tür abgelegt, Bitte zurückrufen, Unterlagen fehlen, Karton beschädigt
fr: Le client a appelé pour la livraison, Déposé devant la porte, Merci de rappeler, En attente des documents, Carton abîmé
nl: Klant belde over de levering, Voor de deur gelegd, Graag terugbellen, Wacht op documenten, Doos beschadigd
zh: 客户来电询问配送, 已放在门口, 请回电, 等待文件, 外箱破损
es: El cliente llamó por la entrega, Dejado en la puerta, Por favor devolver la llamada, Faltan documentos, Caja dañada
""")
HS6 = [
    "610910",
    "610990",
    "611020",
    "620342",
    "620462",
    "640399",
    "640411",
    "420221",
    "420232",
    "392690",
    "392410",
    "851712",
    "851762",
    "851830",
    "851821",
    "852872",
    "847130",
    "847150",
    "847170",
    "850440",
    "854231",
    "854442",
    "940161",
    "940360",
    "940540",
    "950300",
    "950450",
    "950691",
    "330499",
    "330510",
    "300490",
    "300420",
    "902110",
    "901890",
    "903289",
    "870323",
    "870899",
    "871200",
    "840991",
    "841370",
    "841451",
    "843149",
    "848180",
    "848210",
    "732690",
    "730890",
    "731815",
    "761699",
    "760120",
    "390120",
    "390210",
    "401110",
    "480256",
    "481910",
    "490199",
    "570242",
    "630260",
    "630790",
    "681099",
    "690721",
    "691110",
    "701090",
    "711319",
    "711719",
    "720839",
    "740311",
    "820559",
    "830241",
    "080510",
    "090111",
    "100199",
    "150910",
    "170199",
    "180690",
    "190531",
    "210690",
    "220421",
    "220830",
    "240220",
    "252329",
    "270900",
    "271019",
    "280440",
    "290511",
    "310210",
    "320890",
    "340220",
    "350691",
    "380894",
    "440710",
    "441233",
    "470321",
    "520100",
    "540233",
    "550320",
    "600632",
    "650500",
    "660191",
    "670210",
    "853669",
    "853710",
    "852990",
    "860900",
    "880240",
    "890190",
    "910111",
    "920790",
    "930690",
    "960810",
    "970110",
]
UNLOCODES = [
    "BEANR",
    "NLRTM",
    "DEHAM",
    "CNSHA",
    "CNNGB",
    "CNSZX",
    "CNYTN",
    "HKHKG",
    "SGSIN",
    "USLAX",
    "USNYC",
    "USLGB",
    "FRLEH",
    "FRMRS",
    "ESVLC",
    "ESBCN",
    "ESALG",
    "ITGOA",
    "PLGDN",
    "PLGDY",
    "GBFXT",
    "GBSOU",
    "BELGG",
    "BEBRU",
    "DEFRA",
    "NLAMS",
    "FRCDG",
    "LULUX",
    "DELEJ",
    "ITMXP",
    "USORD",
    "USMIA",
    "USHOU",
    "USSAV",
    "BRSSZ",
    "BRRIG",
    "KRPUS",
    "JPTYO",
    "JPYOK",
    "INNSA",
    "INMUN",
    "AEJEA",
    "MYPKG",
    "MYTPP",
    "TWKHH",
    "VNSGN",
    "THLCH",
    "IDJKT",
    "ZADUR",
    "MACAS",
    "EGPSD",
    "TRIST",
    "GRPIR",
    "PTSIN",
    "PTLIS",
    "SEGOT",
    "DKAAR",
    "FIHEL",
    "EETLL",
    "LVRIX",
    "LTKLJ",
    "IEDUB",
    "CNTAO",
    "CNTSN",
    "CNXMN",
    "CNDLC",
    "CAVAN",
    "CAMTR",
    "MXZLO",
    "PABLB",
    "COCTG",
]
INCOTERMS = ["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"]
CURRENCIES = ["EUR", "USD", "CNY", "GBP", "CHF", "PLN", "BRL", "JPY", "SEK", "HKD", "CAD", "AUD"]
PARTNERS = (
    "Meridian Freight {f}",
    "Atlas Logistics {f}",
    "Blue Harbour Trading {f}",
    "Shenzhen Sunrise Electronics Co., Ltd.",
    "Yiwu Golden Bridge Import & Export Co., Ltd.",
    "Nordlicht Handels {f}",
    "Ets. Delvaux & Fils {f}",
    "Van der Meer Transport {f}",
    "Guangzhou Lucky Star Garments Co., Ltd.",
    "Ningbo Everbright Toys Co., Ltd.",
    "Rossi Importazioni {f}",
    "Iberia Textil {f}",
    "Kowalski Meble {f}",
    "Comercial Atlântico {f}",
    "Castle Wholesale {f}",
    "Hangzhou Silk Road E-Commerce Co., Ltd.",
)
FORMS = {
    "en": ("Inc.", "LLC", "Ltd"),
    "de": ("GmbH", "AG", "KG"),
    "fr": ("SA", "SARL", "SAS"),
    "nl": ("B.V.", "BV", "NV"),
    "zh": ("Co., Ltd.",),
    "es": ("S.L.", "S.A."),
    "pt": ("Ltda.", "S.A."),
    "it": ("S.r.l.", "S.p.A."),
    "pl": ("Sp. z o.o.",),
}
