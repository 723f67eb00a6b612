import xml.sax
from xml.sax.handler import feature_external_ges

from lxml import etree

# ruleid: python-lxml-unsafe-parser
first = etree.XMLParser(resolve_entities=True)
# ruleid: python-lxml-unsafe-parser
second = etree.XMLParser(no_network=False)
# ruleid: python-lxml-unsafe-parser
third = etree.XMLParser(load_dtd=True, no_network=True)
# ok: python-lxml-unsafe-parser
fourth = etree.XMLParser(resolve_entities=False, no_network=True)
# ok: python-lxml-unsafe-parser
fifth = etree.XMLParser()

sax = xml.sax.make_parser()
# ruleid: python-lxml-unsafe-parser
sax.setFeature(feature_external_ges, True)
# ok: python-lxml-unsafe-parser
sax.setFeature(feature_external_ges, False)
