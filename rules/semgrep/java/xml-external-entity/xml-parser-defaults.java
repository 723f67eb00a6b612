import java.io.*;
import javax.xml.XMLConstants;
import javax.xml.parsers.*;
import javax.xml.stream.XMLInputFactory;
import javax.xml.transform.*;
import javax.xml.transform.stream.*;
import org.dom4j.io.SAXReader;

class Read {
    private static final String NO_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl";

    void bad(InputStream in) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        // ruleid: java-xml-parser-defaults
        factory.newDocumentBuilder().parse(in);
        XMLInputFactory input = XMLInputFactory.newInstance();
        // ruleid: java-xml-parser-defaults
        input.createXMLStreamReader(in);
        // ruleid: java-xml-parser-defaults
        SAXParserFactory.newInstance().newSAXParser().parse(in, handler);
        javax.xml.parsers.DocumentBuilder builder = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder();
        // ruleid: java-xml-parser-defaults
        builder.parse(in);
        // ruleid: java-xml-parser-defaults
        new SAXReader().read(in);
    }

    void late(InputStream in) throws Exception {
        SAXParserFactory factory = SAXParserFactory.newInstance();
        SAXParser parser = factory.newSAXParser();
        factory.setFeature(NO_DOCTYPE, true);
        // ruleid: java-xml-parser-defaults
        parser.parse(in, handler);
    }

    void transform(Reader in, Writer out) throws Exception {
        Transformer transformer = TransformerFactory.newInstance().newTransformer();
        // ruleid: java-xml-parser-defaults
        transformer.transform(new StreamSource(in), new StreamResult(out));
        // ok: java-xml-parser-defaults
        transformer.transform(new DOMSource(document), new StreamResult(out));
    }

    DocumentBuilder make() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        // ruleid: java-xml-parser-defaults
        return factory.newDocumentBuilder();
    }

    void good(InputStream in) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        // ok: java-xml-parser-defaults
        factory.newDocumentBuilder().parse(in);
        XMLInputFactory input = XMLInputFactory.newInstance();
        input.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        // ok: java-xml-parser-defaults
        input.createXMLStreamReader(in);
        TransformerFactory closed = TransformerFactory.newInstance();
        closed.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        // ok: java-xml-parser-defaults
        closed.newTransformer().transform(new StreamSource(in), new StreamResult(out));
    }

    void wrong(InputStream in) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(NO_DOCTYPE, false);
        // ruleid: java-xml-parser-defaults
        factory.newDocumentBuilder().parse(in);
    }

    void quiet(InputStream in) throws Exception {
        // ok: java-xml-parser-defaults
        DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setEntityResolver((publicId, systemId) -> new InputSource(new StringReader("")));
        // ok: java-xml-parser-defaults
        builder.parse(in);
        String xml = "<a/>";
        // ok: java-xml-parser-defaults
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(xml.getBytes("UTF-8")));
    }
}
