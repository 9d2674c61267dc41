"""Countries of destination: common names, streets and towns from which nobody in particular is put together.

No telephone number rings anywhere. France, Germany and Ireland keep ranges for stories; elsewhere a number begins with
digits that the country's plan gives to nobody (ITU-T E.164 national plans, as libphonenumber 9.0.43 knows them).
"""

from __future__ import annotations

from dataclasses import dataclass

GIVEN, FAMILY, STREETS, TOWNS = 30, 40, 30, 8
"""How many of each a country has."""
HOUSES, POSTCODES = 99, 6
"""Numbers of a street, and postcodes of a town."""


@dataclass(frozen=True)
class Place:
    """A country to which parcels go."""

    code: str
    """ISO 3166-1 alpha-2."""
    permille: int
    """Of a thousand persons, so many live there."""
    given: tuple[str, ...]
    """Forenames."""
    family: tuple[str, ...]
    """Family names."""
    streets: tuple[str, ...]
    """Streets; `#` is the number of a house."""
    towns: tuple[tuple[str, int], ...]
    """Towns, and the first number of their postcodes."""
    postcode: str
    """How a postcode is written: `n` is its number, `x` and `y` that in two parts, `a`, `b` and `k` letters."""
    phone: str
    """What a telephone number begins with."""
    open: int
    """Digits that follow: fewer where a range is kept for stories (FR, DE, IE), seven elsewhere."""


def _place(code: str, permille: int, lines: str, towns: str, *, postcode: str, phone: str, digits: int = 7) -> Place:
    given, family, kinds, roads = (block.split() for block in lines.split("\n\n"))
    shapes = [kind.replace("_", " ") for kind in kinds]
    streets = [shape.replace("@", road.replace("_", " ")) for shape in shapes for road in roads][:STREETS]
    pairs = [pair.rsplit(":", 1) for pair in towns.split()]
    made = tuple((name.replace("_", " "), int(first)) for name, first in pairs)
    full = tuple(name.replace("_", " ") for name in family)
    return Place(code, permille, tuple(given), full, tuple(streets), made, postcode, phone, digits)


ALL = (
    _place("FR", 236, """
Marie Jean Nathalie Michel Isabelle Philippe Sylvie Alain Catherine Patrick Martine Pierre Christine Nicolas
Françoise Christophe Valérie Laurent Sandrine Frédéric Stéphanie Julien Camille Thomas Léa Lucas Manon Hugo Chloé
Théo

Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier
Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Perrin

#_rue_@ #_avenue_@

de_la_Gare du_Moulin des_Lilas Victor-Hugo de_l'Église des_Écoles du_Château des_Acacias Pasteur de_la_République
des_Jardins du_Stade de_la_Fontaine des_Vignes Jean-Jaurès
""", "Paris:75001 Lyon:69001 Marseille:13001 Lille:59000 Nantes:44000 Bordeaux:33000 Toulouse:31000 Strasbourg:67000",
           postcode="{n:05d}", phone="+3363998", digits=4),
    _place("DE", 214, """
Peter Michael Thomas Andreas Wolfgang Claudia Susanne Sabine Petra Monika Karin Andrea Stefan Christian Markus Julia
Anna Katharina Lena Laura Jonas Leon Lukas Finn Emma Mia Hannah Sophie Maximilian Felix

Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler Maier Huber
Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn

@straße_# @weg_#

Bahnhof Garten Haupt Linden Berg Schul Wald Kirch Mühlen Wiesen Rosen Birken Feld Ring Park
""", "Berlin:10115 Hamburg:20095 München:80331 Köln:50667 Frankfurt:60311 Stuttgart:70173 Leipzig:4103 Dresden:1067",
           postcode="{n:05d}", phone="+493023125", digits=3),
    _place("ES", 128, """
María Antonio Carmen José Ana Manuel Isabel Francisco Laura David Cristina Javier Marta Daniel Lucía Carlos Elena
Jesús Sara Alejandro Paula Miguel Raquel Rafael Rosa Pedro Pilar Ángel Beatriz Pablo

García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno
Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina
Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Iglesias

Calle_@_# Avenida_@_#

Mayor Real del_Sol de_la_Paz de_la_Iglesia Nueva del_Carmen de_la_Constitución del_Prado de_los_Olivos de_la_Fuente
Cervantes de_las_Flores del_Molino San_Juan
""", "Madrid:28001 Barcelona:8001 Valencia:46001 Sevilla:41001 Zaragoza:50001 Málaga:29001 Bilbao:48001 Murcia:30001",
           postcode="{n:05d}", phone="+3420"),
    _place("IT", 122, """
Giuseppe Maria Giovanni Anna Antonio Francesca Mario Laura Luigi Paola Marco Giulia Andrea Chiara Luca Sara Matteo
Martina Francesco Elena Alessandro Valentina Stefano Silvia Davide Federica Roberto Alessia Paolo Elisa

Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini Costa
Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo
Gentile Martinelli Vitale Lombardo Serra Coppola De_Santis Marchetti Parisi

Via_@_# Viale_@_#

Roma Garibaldi Mazzini Dante Verdi Cavour Marconi Matteotti Manzoni della_Stazione dei_Mille San_Marco Europa Italia
delle_Rose
""", "Roma:118 Milano:20121 Napoli:80121 Torino:10121 Bologna:40121 Firenze:50121 Genova:16121 Verona:37121",
           postcode="{n:05d}", phone="+39288"),
    _place("PL", 96, """
Anna Jan Maria Andrzej Katarzyna Piotr Małgorzata Krzysztof Agnieszka Stanisław Barbara Tomasz Ewa Paweł Krystyna
Józef Magdalena Marcin Elżbieta Marek Joanna Michał Aleksandra Grzegorz Zofia Jakub Monika Adam Julia Łukasz

Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
Mazur Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Pawłowski Michalski Król Wieczorek Jabłoński Wróbel
Nowakowski Majewski Stępień Olszewski Jaworski Malinowski Dudek Adamczyk Pawlak Górski Nowicki Sikora Witkowski
Rutkowski Walczak Baran

ul._@_# al._@_#

Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Brzozowa Łąkowa Kwiatowa Kościelna Sosnowa Parkowa Akacjowa
Zielona
""", "Warszawa:1 Kraków:30001 Łódź:90001 Wrocław:50001 Poznań:60001 Gdańsk:80001 Lublin:20001 Katowice:40001",
           postcode="{x:02d}-{y:03d}", phone="+4810"),
    _place("NL", 82, """
Johannes Maria Jan Anna Cornelis Johanna Willem Elisabeth Pieter Cornelia Hendrik Catharina Daan Emma Sem Julia
Lucas Tess Levi Sophie Finn Mila Bram Sanne Thijs Lotte Ruben Anouk Jeroen Femke

De_Jong Jansen De_Vries Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits
Postma Kok Jacobs Vermeulen Kuipers Schouten Willems Hoekstra Koster Prins Huisman Verhoeven Veenstra Kramer Bosman
Wolters Post Kuiper Timmermans Groen Gerritsen Jonker Blom Martens

@straat_# @laan_#

Kerk Dorps School Molen Nieuw Beatrix Wilhelmina Juliana Linden Beuken Berken Eiken Station Markt Tulpen
""", "Amsterdam:1012 Rotterdam:3011 Utrecht:3511 Eindhoven:5611 Groningen:9711 Tilburg:5038 Breda:4811 Maastricht:6211",
           postcode="{n:04d} {a}{b}", phone="+3160"),
    _place("BE", 64, """
Marie Jean Luc Marc Anne Patrick Christine Philippe Nathalie Jan Ann Peter Els Koen Sofie Tom Lies Bart Sarah Emma
Louis Arthur Noah Olivia Louise Victor Elise Thomas Julie Lucas

Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters De_Smet Dubois Lambert Dupont Martin Simon
Laurent Leclercq Lejeune Renard Denis Hermans Aerts Michiels Martens Smets Pauwels Hendrickx Lemmens Verhoeven
Collard Bogaert Cools Segers Thijs Declercq Charlier Gerard Noël Wauters Gilles

Rue_@_# Avenue_@_#

de_la_Station du_Moulin des_Tilleuls de_l'Église du_Parc des_Combattants de_la_Paix du_Village des_Prés de_la_Meuse
du_Pont Albert des_Fleurs du_Bois Léopold
""", "Liège:4000 Bruxelles:1000 Antwerpen:2000 Gent:9000 Namur:5000 Charleroi:6000 Mons:7000 Hasselt:3500",
           postcode="{n:04d}", phone="+3240"),
    _place("AT", 38, """
Josef Maria Johann Anna Franz Elisabeth Karl Christine Peter Monika Thomas Sabine Michael Andrea Wolfgang Petra
Andreas Claudia Stefan Julia Lukas Lena Tobias Laura Florian Sarah David Katharina Jakob Marlene

Gruber Huber Bauer Wagner Müller Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Fischer Schmid Winkler
Weber Schwarz Maier Schneider Reiter Mayr Schmidt Wimmer Egger Brunner Lang Baumgartner Auer Binder Lechner Wolf
Wallner Aigner Ebner Koller Lehner Haas Schuster

@gasse_# @straße_#

Bahnhof Haupt Schul Kirchen Wiener Garten Feld Wald Berg Linden Mühl Post Rosen Dorf Brunnen
""", "Wien:1010 Graz:8010 Linz:4020 Salzburg:5020 Innsbruck:6020 Klagenfurt:9020 Villach:9500 Wels:4600",
           postcode="{n:04d}", phone="+43600"),
    _place("IE", 14, """
John Mary Patrick Margaret Michael Catherine James Bridget Seán Aoife Conor Ciara Daniel Sarah Liam Emma Noah Grace
Jack Emily Fionn Saoirse Cillian Niamh Oisín Róisín Darragh Caoimhe Eoin Sinéad

Murphy Kelly Walsh Smith Byrne Ryan Connor Neill Reilly Doyle McCarthy Gallagher Doherty Kennedy Lynch Murray Quinn
Moore McLoughlin Carroll Connolly Daly Connell Wilson Dunne Brennan Burke Collins Campbell Clarke Johnston Hughes
Farrell Fitzgerald Brown Martin Maguire Nolan Flynn Thompson

#_@_Road #_@_Street

Church Main Station Castle Bridge Mill Chapel Abbey Green Park Hill Orchard Priory Quay Strand
""", "Dublin:1 Cork:12 Limerick:90 Galway:91 Waterford:91 Drogheda:92 Kilkenny:93 Sligo:91",
           postcode="{k}{n:02d} {a}{b}14", phone="+3532091", digits=5),
    _place("LU", 6, """
Jean Marie Pierre Anne Paul Catherine Marc Nicole Claude Monique Luc Sophie Tom Laura Ben Emma Max Lara Louis Mia
Charel Lena Felix Julie Sam Elisa Noah Lisa Tim Sarah

Schmit Muller Weber Wagner Hoffmann Thill Schroeder Reuter Klein Becker Kieffer Kremer Faber Meyer Schneider Weis
Simon Hansen Theis Majerus Steffen Schmitz Welter Krier Braun Ries Biver Feltes Wolff Goedert Koch Peters Thoma
Schiltz Bauer Mathieu Reiter Petit Reding Hengen

@,_rue_de_la_Gare_# @,_rue_Principale_#

Résidence_du_Parc Résidence_des_Prés Cité_du_Moulin Cité_des_Fleurs Résidence_Bellevue Cité_du_Lac
Résidence_du_Soleil Cité_du_Nord Résidence_du_Pont Cité_du_Verger Résidence_Beaulieu Cité_du_Bois
Résidence_du_Centre Cité_de_la_Colline Résidence_du_Château
""", "Luxembourg:1110 Esch-sur-Alzette:4010 Differdange:4510 Dudelange:3410 Ettelbruck:9010 Diekirch:9210 Wiltz:9510 "
           "Echternach:6410",
           postcode="L-{n:04d}", phone="+352600"),
)  # fmt: skip
"""The countries, the largest first."""
