import javax.servlet.http.HttpServletRequest;
import javax.xml.xpath.*;

class Find {
    void find(HttpServletRequest request, org.w3c.dom.Document document) throws Exception {
        XPath xpath = XPathFactory.newInstance().newXPath();
        String name = request.getParameter("name");
        // ruleid: java-xpath-injection-request
        xpath.evaluate("//user[@name='" + name + "']", document);
        // ruleid: java-xpath-injection-request
        xpath.compile("//user[@name='" + name + "']");
        // ok: java-xpath-injection-request
        xpath.evaluate("//user[@name=$name]", document);
        // ok: java-xpath-injection-request
        java.util.regex.Pattern.compile("a" + 1);
    }
}
