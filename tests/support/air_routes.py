"""A graph of the shape of Kelvin R. Lawrence's air routes: hubs, long names, ids that are digits.

The original is not in the tests: it is read from a package (docs/airports.md).
"""

from __future__ import annotations

AIRPORTS, COUNTRIES, CONTINENTS, ROUTES = 3_503, 237, 7, 50_532
VERTICES = 1 + CONTINENTS + COUNTRIES + AIRPORTS
EDGES = ROUTES + 2 * AIRPORTS

HUB = "Hartsfield - Jackson Atlanta International Airport"
"""The name of the airport with the most routes; its code is `A0`."""

SCRIPT = f"""
random = new Random(7)
graph.addVertex(T.id, '0', T.label, 'version', 'code', '0.87', 'date', '2021-12-02')
def place = {{ id, label, code, name ->
    graph.addVertex(T.id, id as String, T.label, label, 'code', code, 'desc', name)
}}
names = ['Africa', 'Antarctica', 'Asia', 'Europe', 'Latin America', 'North America', 'Oceania']
continents = (0..<{CONTINENTS}).collect {{ place(it + 1, 'continent', names[it][0..1], names[it]) }}
countries = (0..<{COUNTRIES}).collect {{ place(it + 10, 'country', 'C' + it, 'Country ' + it) }}
airports = (0..<{AIRPORTS}).collect {{
    def name = it ? 'International Airport of the Town ' + it : '{HUB}'
    def airport = place(it + 1000, 'airport', 'A' + it, name)
    airport.property('runways', 1 + random.nextInt(7))
    airport.property('lat', random.nextDouble() * 180 - 90)
    airport.property('city', 'Town ' + it)
    countries[random.nextInt({COUNTRIES})].addEdge('contains', airport)
    continents[random.nextInt({CONTINENTS})].addEdge('contains', airport)
    airport
}}
near = {{ airports[(int) ({AIRPORTS} * Math.pow(random.nextDouble(), 3))] }}
{ROUTES}.times {{ near().addEdge('route', near(), 'dist', 50 + random.nextInt(8000)) }}
0
"""
"""A script in Groovy that fills an empty graph; a place early in the list has more routes."""
