package com.northwind.invoices;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParser;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;
import org.xml.sax.helpers.DefaultHandler;

public class InvoiceImport extends HttpServlet {
    private static final String NO_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl";

    // case: vulnerable
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
            Document document = builder.parse(request.getInputStream());
            response.getWriter().print(document.getDocumentElement().getTextContent().length());
        } catch (Exception error) {
            response.sendError(400);
        }
    }

    // case: safe (a document type is refused)
    void parse(HttpServletRequest request) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(NO_DOCTYPE, true);
        Document document = factory.newDocumentBuilder().parse(request.getInputStream());
        log(document.getDocumentElement().getTagName());
    }

    // case: vulnerable (the feature is named, but switched off)
    void receive(HttpServletRequest request) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature(NO_DOCTYPE, false);
        Document document = factory.newDocumentBuilder().parse(new InputSource(request.getReader()));
        log(document.getDocumentElement().getTagName());
    }

    // case: safe (neither DTDs nor external entities in StAX)
    void stream(HttpServletRequest request) throws Exception {
        XMLInputFactory factory = XMLInputFactory.newInstance();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        XMLStreamReader reader = factory.createXMLStreamReader(request.getInputStream());
        while (reader.hasNext()) {
            reader.next();
        }
    }

    // case: vulnerable (StAX as it comes)
    void items(HttpServletRequest request) throws Exception {
        XMLInputFactory factory = XMLInputFactory.newInstance();
        XMLStreamReader reader = factory.createXMLStreamReader(request.getReader());
        int items = 0;
        while (reader.hasNext()) {
            items += reader.next() == XMLStreamReader.START_ELEMENT ? 1 : 0;
        }
        log(items + " items");
    }

    // case: safe (the factory comes hardened out of a method of this file)
    void header(HttpServletRequest request) throws Exception {
        Document document = builderFactory().newDocumentBuilder().parse(request.getInputStream());
        log(document.getXmlEncoding());
    }

    private static DocumentBuilderFactory builderFactory() throws ParserConfigurationException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        factory.setXIncludeAware(false);
        factory.setExpandEntityReferences(false);
        return factory;
    }

    // case: vulnerable (the parser was made before the factory was hardened)
    void orders(HttpServletRequest request) throws Exception {
        SAXParserFactory factory = SAXParserFactory.newInstance();
        SAXParser parser = factory.newSAXParser();
        factory.setFeature(NO_DOCTYPE, true);
        parser.parse(request.getInputStream(), new DefaultHandler());
    }

    // case: safe (SAX, feature first)
    void offers(HttpServletRequest request) throws Exception {
        SAXParserFactory factory = SAXParserFactory.newInstance();
        factory.setFeature(NO_DOCTYPE, true);
        SAXParser parser = factory.newSAXParser();
        parser.parse(request.getInputStream(), new DefaultHandler());
    }

    // case: vulnerable (the transformer reads the request's document with its DTD)
    void pretty(HttpServletRequest request, HttpServletResponse response) throws Exception {
        TransformerFactory factory = TransformerFactory.newInstance();
        Transformer transformer = factory.newTransformer();
        StringReader xml = new StringReader(request.getParameter("xml"));
        transformer.transform(new StreamSource(xml), new StreamResult(response.getOutputStream()));
    }

    // case: safe (access to DTDs and stylesheets is closed)
    void indent(HttpServletRequest request, HttpServletResponse response) throws Exception {
        TransformerFactory factory = TransformerFactory.newInstance();
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_STYLESHEET, "");
        Transformer transformer = factory.newTransformer();
        StringReader xml = new StringReader(request.getParameter("xml"));
        transformer.transform(new StreamSource(xml), new StreamResult(response.getOutputStream()));
    }

    // case: safe (the document is a constant)
    void selfTest() throws Exception {
        String xml = "<invoice><total>12.00</total></invoice>";
        InputStream bytes = new ByteArrayInputStream(xml.getBytes("UTF-8"));
        Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(bytes);
        log(document.getDocumentElement().getTagName());
    }

    // case: safe (an empty resolver answers for every entity, DTDs are not loaded)
    void payments(HttpServletRequest request) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
        factory.setFeature("http://xml.org/sax/features/external-parameter-entities", false);
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        factory.setXIncludeAware(false);
        DocumentBuilder builder = factory.newDocumentBuilder();
        builder.setEntityResolver((publicId, systemId) -> new InputSource(new StringReader("")));
        log(builder.parse(request.getInputStream()).getDocumentElement().getTagName());
    }
}
