import javax.xml.XMLConstants;
import javax.xml.parsers.*;
import javax.xml.stream.XMLInputFactory;

class Read {
    void bad(java.io.InputStream in) throws Exception {
        // ruleid: java-xml-parser-defaults
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.newDocumentBuilder().parse(in);
        // ruleid: java-xml-parser-defaults
        XMLInputFactory input = XMLInputFactory.newInstance();
        input.createXMLStreamReader(in);
        // ruleid: java-xml-parser-defaults
        SAXParserFactory.newInstance().newSAXParser();
    }

    void good(java.io.InputStream in) throws Exception {
        // ok: java-xml-parser-defaults
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        factory.newDocumentBuilder().parse(in);
        // ok: java-xml-parser-defaults
        XMLInputFactory input = XMLInputFactory.newInstance();
        input.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        input.createXMLStreamReader(in);
    }
}
