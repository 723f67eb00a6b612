package com.northwind.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Stack;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpression;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.apache.commons.text.StringEscapeUtils;
import org.owasp.esapi.ESAPI;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

public class CatalogueServlet extends HttpServlet {
    private Document catalogue;
    private final XPath xpath = XPathFactory.newInstance().newXPath();

    @Override
    public void init() throws ServletException {
        try (InputStream in = getServletContext().getResourceAsStream("/WEB-INF/catalogue.xml")) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            catalogue = factory.newDocumentBuilder().parse(in);
        } catch (Exception error) {
            throw new ServletException(error);
        }
    }

    // case: vulnerable
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            String query = "/catalogue/user[name='" + request.getParameter("name") + "']/role/text()";
            response.setHeader("X-Has-Role", String.valueOf(!xpath.evaluate(query, catalogue).isEmpty()));
        } catch (XPathExpressionException error) {
            response.sendError(500);
        }
    }

    // case: safe (the value is a variable of the expression)
    String role(HttpServletRequest request) throws XPathExpressionException {
        String name = request.getParameter("name");
        XPath bound = XPathFactory.newInstance().newXPath();
        bound.setXPathVariableResolver((QName variable) -> "name".equals(variable.getLocalPart()) ? name : null);
        return bound.evaluate("/catalogue/user[name=$name]/role", catalogue);
    }

    // case: vulnerable (escapeHtml4 leaves the apostrophe)
    NodeList items(HttpServletRequest request) throws XPathExpressionException {
        String kind = StringEscapeUtils.escapeHtml4(request.getParameter("kind"));
        XPathExpression expression = xpath.compile("//item[@kind='" + kind + "']");
        return (NodeList) expression.evaluate(catalogue, XPathConstants.NODESET);
    }

    // case: safe (encoded for XPath)
    NodeList kinds(HttpServletRequest request) throws XPathExpressionException {
        String kind = ESAPI.encoder().encodeForXPath(request.getParameter("kind"));
        return (NodeList) xpath.evaluate("//item[@kind='" + kind + "']", catalogue, XPathConstants.NODESET);
    }

    // case: vulnerable (no quotes around the value, so quoting does not matter)
    Double price(HttpServletRequest request) throws XPathExpressionException {
        String position = request.getParameter("position").replace("'", "").replace("\"", "");
        return (Double) xpath.evaluate("//item[" + position + "]/price", catalogue, XPathConstants.NUMBER);
    }

    // case: safe (a number)
    Double stock(HttpServletRequest request) throws XPathExpressionException {
        int position = Integer.parseInt(request.getParameter("position"));
        return (Double) xpath.evaluate("//item[" + position + "]/stock", catalogue, XPathConstants.NUMBER);
    }

    // case: vulnerable (builder, header)
    String vendor(HttpServletRequest request) throws XPathExpressionException {
        StringBuilder query = new StringBuilder();
        query.append("//vendor[@code=\"");
        query.append(request.getHeader("X-Vendor").toUpperCase());
        query.append("\"]/name");
        return xpath.evaluate(query.toString(), catalogue);
    }

    // case: safe (allow-list)
    String section(HttpServletRequest request) throws XPathExpressionException {
        List<String> sections = Arrays.asList("books", "music", "games");
        String section = request.getParameter("section");
        if (!sections.contains(section)) {
            return "";
        }
        return xpath.evaluate("count(//section[@id='" + section + "']/item)", catalogue);
    }

    // case: vulnerable (popped off a stack)
    String shelf(HttpServletRequest request) throws XPathExpressionException {
        Stack<String> stack = new Stack<>();
        stack.push("A1");
        stack.push(request.getParameter("shelf"));
        return xpath.evaluate(String.format("//shelf[@id='%s']", stack.pop()), catalogue);
    }

    // case: safe (the pop takes the request's value away, the peek sees the constant)
    String rack(HttpServletRequest request) throws XPathExpressionException {
        Stack<String> stack = new Stack<>();
        stack.push("A1");
        stack.push(request.getParameter("shelf"));
        stack.pop();
        return xpath.evaluate(String.format("//shelf[@id='%s']", stack.peek()), catalogue);
    }

    // case: safe (the comparison of constants is always true and overwrites the value)
    String currency(HttpServletRequest request) throws XPathExpressionException {
        final int precision = 2;
        String currency = request.getParameter("currency");
        if (precision > 1) {
            currency = "EUR";
        }
        return xpath.evaluate("//rate[@currency='" + currency + "']", catalogue);
    }
}
