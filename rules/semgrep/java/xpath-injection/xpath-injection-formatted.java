import javax.xml.xpath.*;

class Find {
    Object find(XPath xpath, Object document, String name, String expression) throws Exception {
        // ruleid: java-xpath-injection-formatted
        xpath.evaluate("//user[@name='" + name + "']", document);
        // ok: java-xpath-injection-formatted
        xpath.evaluate(expression, document);
        // ok: java-xpath-injection-formatted
        return xpath.evaluate("//user[@name=$name]", document);
    }
}
