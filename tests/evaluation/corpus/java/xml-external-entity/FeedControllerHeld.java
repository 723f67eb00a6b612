package com.northwind.feeds;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.xml.XMLConstants;
import javax.xml.bind.JAXBContext;
import javax.xml.bind.Unmarshaller;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.stream.XMLEventReader;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import org.dom4j.io.SAXReader;
import org.jdom2.input.SAXBuilder;
import org.springframework.core.io.ClassPathResource;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.xml.sax.InputSource;
import org.xml.sax.XMLReader;
import org.xml.sax.helpers.XMLReaderFactory;

@RestController
public class FeedControllerHeld {

    // case: vulnerable
    @PostMapping("/feeds")
    public String feed(@RequestBody String xml) throws Exception {
        SAXReader reader = new SAXReader();
        return reader.read(new StringReader(xml)).getRootElement().getName();
    }

    // case: safe (dom4j, no document type)
    @PostMapping("/feeds/checked")
    public String news(@RequestBody String xml) throws Exception {
        SAXReader reader = new SAXReader();
        reader.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return reader.read(new StringReader(xml)).getRootElement().getName();
    }

    // case: vulnerable (JDOM, uploaded file)
    @PostMapping("/feeds/upload")
    public String upload(@RequestParam MultipartFile file) throws Exception {
        SAXBuilder builder = new SAXBuilder();
        return builder.build(file.getInputStream()).getRootElement().getText();
    }

    // case: safe (JDOM, entities left alone and no document type)
    @PostMapping("/feeds/upload2")
    public String upload2(@RequestParam MultipartFile file) throws Exception {
        SAXBuilder builder = new SAXBuilder();
        builder.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        builder.setExpandEntities(false);
        return builder.build(file.getInputStream()).getRootElement().getText();
    }

    // case: vulnerable (XMLReader)
    @PostMapping("/feeds/sax")
    public void sax(@RequestBody byte[] body) throws Exception {
        XMLReader reader = XMLReaderFactory.createXMLReader();
        reader.setFeature("http://xml.org/sax/features/namespaces", true);
        reader.parse(new InputSource(new ByteArrayInputStream(body)));
    }

    // case: safe (XMLReader, no document type)
    @PostMapping("/feeds/sax2")
    public void sax2(@RequestBody byte[] body) throws Exception {
        XMLReader reader = SAXParserFactory.newInstance().newSAXParser().getXMLReader();
        reader.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        reader.parse(new InputSource(new ByteArrayInputStream(body)));
    }

    // case: vulnerable (the hardened factory is another one)
    @PostMapping("/feeds/dom")
    public String dom(@RequestBody String xml) throws Exception {
        DocumentBuilderFactory strict = DocumentBuilderFactory.newInstance();
        strict.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setIgnoringComments(true);
        InputSource source = new InputSource(new StringReader(xml));
        return factory.newDocumentBuilder().parse(source).getDocumentElement().getNodeName();
    }

    // case: safe (the file lies in our jar)
    @PostMapping("/feeds/sample")
    public String sample() throws Exception {
        try (InputStream in = new ClassPathResource("feeds/sample.xml").getInputStream()) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            return factory.newDocumentBuilder().parse(in).getDocumentElement().getNodeName();
        }
    }

    // case: vulnerable (JAX-RS, event reader, external entities asked for)
    @Path("/events")
    public static class Events {
        @POST
        public int count(String xml) throws Exception {
            XMLInputFactory factory = XMLInputFactory.newFactory();
            factory.setProperty("javax.xml.stream.isSupportingExternalEntities", true);
            XMLEventReader reader = factory.createXMLEventReader(new StringReader(xml));
            int count = 0;
            while (reader.hasNext()) {
                count += reader.nextEvent().isStartElement() ? 1 : 0;
            }
            return count;
        }
    }

    // case: safe (JAXB reads from a stream reader without DTDs)
    @PostMapping("/feeds/jaxb")
    public String jaxb(@RequestBody String xml) throws Exception {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, Boolean.FALSE);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, Boolean.FALSE);
        XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(xml));
        Unmarshaller unmarshaller = JAXBContext.newInstance(String.class).createUnmarshaller();
        return unmarshaller.unmarshal(reader, String.class).getValue();
    }

    // case: safe (schema and validator may fetch nothing)
    @PostMapping("/feeds/validate")
    public void validate(@RequestBody String xml) throws Exception {
        SchemaFactory schemas = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
        schemas.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        schemas.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        Schema schema = schemas.newSchema(new ClassPathResource("feeds/feed.xsd").getURL());
        Validator validator = schema.newValidator();
        validator.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        validator.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        validator.validate(new StreamSource(new StringReader(xml)));
    }

    // case: vulnerable (the request's text is itself the schema, anything it names is fetched)
    @PostMapping("/feeds/schema")
    public void schema(@RequestBody String xsd) throws Exception {
        SchemaFactory schemas = SchemaFactory.newInstance("http://www.w3.org/2001/XMLSchema");
        byte[] bytes = xsd.getBytes(StandardCharsets.UTF_8);
        schemas.newSchema(new StreamSource(new ByteArrayInputStream(bytes)));
    }
}
