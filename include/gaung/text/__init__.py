"""Text functions: Arrow batch in, Arrow batch out; they know neither sources nor the database.

Each takes a ``RecordBatch`` with a column ``text`` (and what is named) and gives one row per row, in the
same order; a text that cannot be read gets a reason or an empty list, never an exception.

| function | further columns in | columns out |
|---|---|---|
| ``language.detect`` | – | lang, confidence, reason |
| ``runs.find`` | – | runs: list of lang, start, end, words |
| ``gloss.make`` | – | gloss, known_share, reason |
| ``sentiment.score`` | lang | compound, label, unscored_reason |
| ``mask.hide`` | – | text_masked |
| ``terms.extract`` | – | words, pairs (lists) |
| ``reasons.aspects`` | – | aspects: list of aspect, mood, words (start, end), values (value, start, end) |
| ``reasons.intents`` | – | intents (list) |
| ``reasons.find`` | – | intents, aspects |
| ``business.relevance`` | – | relevance, points, reason |
| ``business.activity`` | – | activity, points, reason |
| ``business.classify`` | – | relevance, industry, activity, each with its reason |
| ``industry.classify`` | – | industry, would_be, evidence |
| ``places.locate`` | – | code, kind, name, province_code, is_ambiguous, candidates, reason |
| ``places.mentioned`` | – | places: list of code, name, is_ambiguous, candidates, start, end |
| ``names.named`` | – (names as argument) | entities: list of kind, id, name, start, end |
| ``entities.find`` | – (brands and products as argument) | entities (list, see its text) |
| ``spelling.suggest`` | – (names as argument) | suggestions: list of id, name, spelling, distance |
| ``names.held`` | – (target terms as argument) | targets (list) |

``places.locate`` reads a place string, ``places.mentioned`` running text. ``names.near`` takes terms instead
of texts and gives one row per suggestion. ``start`` and ``end`` count characters of the original.
"""
