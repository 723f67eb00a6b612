package com.northwind.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.ws.rs.GET;
import javax.ws.rs.HeaderParam;
import javax.ws.rs.Path;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.dom4j.Document;
import org.dom4j.DocumentHelper;
import org.dom4j.Node;
import org.jdom2.filter.Filters;
import org.jdom2.xpath.XPathExpression;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class SettingsControllerHeld {
    private final Document settings;
    private final org.w3c.dom.Document accounts;
    private final org.jdom2.Document menus;

    public SettingsControllerHeld(Document settings, org.w3c.dom.Document accounts, org.jdom2.Document menus) {
        this.settings = settings;
        this.accounts = accounts;
        this.menus = menus;
    }

    enum Level { LOW, HIGH }

    // case: vulnerable
    @GetMapping("/settings")
    public int byOwner(@RequestParam String owner) {
        List<Node> nodes = settings.selectNodes("//setting[@owner='" + owner + "']");
        return nodes.size();
    }

    // case: safe (compared in Java, the expression is a constant)
    @GetMapping("/settings/owned")
    public long owned(@RequestParam String owner) {
        List<Node> nodes = settings.selectNodes("//setting");
        return nodes.stream().filter(node -> owner.equals(node.valueOf("@owner"))).count();
    }

    // case: vulnerable (user and password in one expression)
    @PostMapping("/accounts/login")
    public boolean login(@RequestBody Map<String, String> form) throws XPathExpressionException {
        String query = "//account[login/text()='" + form.get("login") + "' and pass/text()='" + form.get("pass") + "']";
        XPath xpath = XPathFactory.newInstance().newXPath();
        return (Boolean) xpath.compile("boolean(" + query + ")").evaluate(accounts, XPathConstants.BOOLEAN);
    }

    // case: safe (variables)
    @PostMapping("/accounts/check")
    public boolean check(@RequestBody Map<String, String> form) throws XPathExpressionException {
        XPath xpath = XPathFactory.newInstance().newXPath();
        xpath.setXPathVariableResolver(name -> form.get(name.getLocalPart()));
        String query = "boolean(//account[login=$login and pin=$pin])";
        return (Boolean) xpath.evaluate(query, accounts, XPathConstants.BOOLEAN);
    }

    // case: vulnerable (JDOM)
    @GetMapping("/menus/{menu}")
    public String menu(@PathVariable String menu) {
        XPathExpression<org.jdom2.Element> expression =
                org.jdom2.xpath.XPathFactory.instance().compile("/menus/menu[@id='" + menu + "']", Filters.element());
        return expression.evaluateFirst(menus).getText();
    }

    // case: safe (JDOM, variable)
    @GetMapping("/menus/{menu}/title")
    public String title(@PathVariable String menu) {
        XPathExpression<org.jdom2.Element> expression = org.jdom2.xpath.XPathFactory.instance()
                .compile("/menus/menu[@id=$id]/title", Filters.element(), Map.of("id", menu));
        return expression.evaluateFirst(menus).getText();
    }

    // case: safe (enum)
    @GetMapping("/alerts")
    public int alerts(@RequestParam String level) {
        String name = Level.valueOf(level).name();
        return settings.selectNodes("//alert[@level='" + name + "']").size();
    }

    // case: vulnerable (a private method puts the expression together)
    @GetMapping("/labels")
    public String label(@CookieValue("label") Optional<String> label) {
        return settings.valueOf(expressionFor(label.orElse("none")));
    }

    private static String expressionFor(String label) {
        return String.join("", "//label[@key='", label, "']/@text");
    }

    // case: safe (the private method's answer does not depend on its argument)
    @GetMapping("/hints")
    public String hint(@CookieValue("hint") String hint) {
        return settings.valueOf(hintExpression(hint));
    }

    private static String hintExpression(String hint) {
        String key = hint.isEmpty() ? "empty" : "filled";
        return "//hint[@key='" + key + "']";
    }

    // case: vulnerable (JAX-RS, header)
    @Path("/flags")
    public static class Flags {
        private final Document flags = DocumentHelper.createDocument();

        @GET
        public boolean on(@HeaderParam("X-Flag") String flag) {
            Node node = flags.selectSingleNode("//flag[name=\"" + flag + "\"]");
            return node != null;
        }
    }

    // case: safe (overwritten key of a map)
    @GetMapping("/themes")
    public Node theme(@RequestParam String theme) {
        Map<String, String> values = new HashMap<>();
        values.put("theme", theme);
        values.put("theme", "default");
        return DocumentHelper.createXPath("//theme[@id='" + values.get("theme") + "']").selectSingleNode(settings);
    }
}
