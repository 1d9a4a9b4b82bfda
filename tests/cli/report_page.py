#!/usr/bin/env python3
"""report_page.py PAGE.html...: pages are well-formed, need nothing from outside, have each id once,
link to ids that are there, and their pictures are PNGs. If beside it there is PAGE.log, of lungo test,
the page's classifier has the accuracy and the loss that stand there, and its matrix holds all items."""
import base64
import html.parser
import os
import re
import sys
import xml.etree.ElementTree as tree

VOID = {"meta", "link", "br", "img"}


class Balance(html.parser.HTMLParser):
    """As a browser reads it: every element is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f"expected </{tag}> to close what is open")


def name(tag):
    return tag.rsplit("}", 1)[-1]


def check_addresses(root):
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    if len(ids) != len(set(ids)):
        sys.exit("expected each id once, got " + str({i for i in ids if ids.count(i) > 1}))
    for element in root.iter():
        if name(element.tag) in ("script", "iframe", "object", "base"):
            sys.exit(f"expected no <{name(element.tag)}>")
        for key, value in element.attrib.items():
            if name(key) in ("href", "src") and value.startswith("#"):
                if value[1:] not in ids:
                    sys.exit(f"expected an element with the id of {value}")
            elif name(key) in ("href", "src") and not value.startswith("data:"):
                sys.exit(f"expected nothing from outside, got {value}")


def check_pictures(root):
    for element in root.iter():
        if name(element.tag) == "img":
            head, data = element.get("src").split(",")
            if not base64.b64decode(data, validate=True).startswith(b"\x89PNG\r\n"):
                sys.exit("expected a PNG, got " + head)


def check_numbers(root, log):
    section = next(e for e in root.iter() if e.get("id") == "classifier")
    words = "".join(section.itertext())
    items, right, loss = re.search(r"Of (\d+) items ([\d.]+)\s%.*mean loss ([\d.]+)\.", words).groups()
    for found, key in ((float(right) / 100, "accuracy"), (float(loss), "loss")):
        expected = float(re.findall(rf"\] {key} = ([\d.]+)", log)[-1])
        if abs(found - expected) > 1e-4:
            sys.exit(f"{key}: expected {expected}, got {found}")
    matrix = next(e for e in section.iter() if e.get("class") == "matrix")
    counts = [int(e.text) for e in matrix.iter() if name(e.tag) == "td" and e.text]
    diagonal = [int(e.text) for e in matrix.iter() if (e.get("class") or "").startswith("right")]
    wrong = int(items) - sum(diagonal)
    if sum(counts) != int(items) or abs(100 * sum(diagonal) / int(items) - float(right)) > 0.01:
        sys.exit(f"expected a matrix of {items} items, got {counts}")
    mistakes = sum(1 for e in section.iter() if name(e.tag) == "img")
    if mistakes != min(wrong, 24):
        sys.exit(f"expected pictures of {min(wrong, 24)} mistakes, got {mistakes}")


def check(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    root = tree.fromstring(text)
    balance = Balance()
    balance.feed(text)
    if balance.open:
        sys.exit(f"expected all to be closed, got {balance.open}")
    for address in re.findall(r"https?://[^\s\"'<]*", text):
        if not address.startswith(("http://www.w3.org/1999/", "http://www.w3.org/2000/svg")):
            sys.exit(f"expected no address, got {address}")
    if "url(" in re.sub(r"url\(#", "", text) or "@import" in text:
        sys.exit("expected a style that reads no file")
    check_addresses(root)
    check_pictures(root)
    log = path.replace(".html", ".log")
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            check_numbers(root, file.read())


for page in sys.argv[1:]:
    try:
        check(page)
    except (SystemExit, tree.ParseError) as error:
        sys.exit(f"{page}: {error}")
