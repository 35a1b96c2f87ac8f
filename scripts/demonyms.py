"""Words for the people or the origin of a country, region or city."""

_COUNTRIES = """
Afghan Albanian Algerian American Angolan Argentine Argentinian Armenian Australian
Austrian Azerbaijani Bahraini Bangladeshi Barbadian Belarusian Belgian Beninese
Bolivian Bosnian Brazilian British Bulgarian Burmese Cambodian Cameroonian Canadian
Chilean Chinese Colombian Congolese Croatian Cuban Cypriot Czech Danish Dominican Dutch
Ecuadorian Egyptian Emirati English Eritrean Estonian Ethiopian Fijian Filipino Finnish
French Georgian German Ghanaian Greek Guatemalan Guinean Haitian Honduran Hungarian
Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Ivorian Jamaican
Japanese Jordanian Kazakh Kenyan Korean Kuwaiti Kyrgyz Laotian Latvian Lebanese
Liberian Libyan Lithuanian Luxembourgish Macedonian Malagasy Malaysian Maltese
Mauritian Mexican Moldovan Moldavian Mongolian Moroccan Mozambican Namibian Nepalese
Nepali Nicaraguan Nigerian Norwegian Omani Pakistani Palestinian Panamanian Paraguayan
Peruvian Philippine Polish Portuguese Qatari Romanian Russian Rwandan Salvadoran Saudi
Scottish Senegalese Serbian Singaporean Slovak Slovakian Slovene Slovenian Somali
Spanish Sudanese Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai Tunisian Turkish
Turkmen Ugandan Ukrainian Uruguayan Uzbek Venezuelan Vietnamese Welsh Yemeni Yugoslav
Zambian Zimbabwean
"""
_OTHERS = """
African Arab Arabian Asian Babylonian Balkan Basque Bavarian Bengali Bohemian Byzantine
Californian Catalan Caucasian Celtic Cornish Corsican Dalmatian European Flemish
Florentine Hanoverian Hawaiian Iberian Karelian Kurdish Milanese Muscovite Norman
Ottoman Papuan Parisian Parthian Persian Phoenician Prussian Rhodesian Roman Romani
Sardinian Saxon Scandinavian Sicilian Soviet Tamil Texan Tibetan Venetian
"""
_PEOPLE = """
Britons Danes Dutchman Englishman Finns Frenchman Filipinos Irishman Kurds Poles
Scotsman Scots Spaniard Spaniards Swede Swedes Turk Turks Welshman
"""
_ADJECTIVES = (*_COUNTRIES.split(), *_OTHERS.split())
DEMONYMS = frozenset(
    (*_ADJECTIVES, *(f"{word}s" for word in _ADJECTIVES), *_PEOPLE.split())
)
