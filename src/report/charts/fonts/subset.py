"""Writes the characters that the bundled fonts hold, one file a language: python3 subset.py; then see README.md."""

import pathlib

HERE = pathlib.Path(__file__).parent
REPORT = HERE / ".." / ".."
OTHERS = "–—‘’“”…€₩−×÷±≤≥≈→←↑↓·•№‰▲▼△▽■□●○"
# Common characters by national standard: GB 2312 and JIS X 0208, symbols (rows 1 to 9) and first level.
STANDARDS = {"zh": ("gb2312", 0xD7), "ja": ("euc_jp", 0xCF)}


def rows(encoding: str, first: int, last: int) -> set[str]:
    """The characters of rows `first` to `last` of a two-byte standard."""
    cells = (bytes([row, cell]) for row in range(first, last + 1) for cell in range(0xA1, 0xFF))
    return set("".join(pair.decode(encoding, "ignore") for pair in cells))


for lang, (encoding, last) in STANDARDS.items():
    texts = [(REPORT / folder / f"{lang}.toml").read_text("utf8") for folder in ("words", "sentences")]
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180))}
    kana = {chr(code) for code in range(0x3000, 0x3100)}
    kept = set("".join(texts)) | set(OTHERS) | latin | kana | rows(encoding, 0xA1, 0xA9) | rows(encoding, 0xB0, last)
    (HERE / f"{lang}.txt").write_text("".join(sorted(filter(str.isprintable, kept))), "utf8")
