package com.northwind.fragments;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.servlet.http.HttpServletResponse;
import javax.ws.rs.CookieParam;
import javax.ws.rs.DefaultValue;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import org.jsoup.Jsoup;
import org.jsoup.safety.Safelist;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.util.HtmlUtils;

@Controller
public class FragmentsHeld {
    private final ObjectMapper mapper = new ObjectMapper();

    // case: vulnerable
    @GetMapping(value = "/hello", produces = "text/html")
    @ResponseBody
    public String hello(@RequestParam(defaultValue = "you") String name) {
        return "<p>Hello " + name + "</p>";
    }

    // case: safe (escaped by Spring's helper)
    @GetMapping(value = "/hi", produces = "text/html")
    @ResponseBody
    public String hi(@RequestParam(defaultValue = "you") String name) {
        return "<p>Hello " + HtmlUtils.htmlEscape(name) + "</p>";
    }

    // case: safe (the template engine escapes model attributes)
    @GetMapping("/profile/{nick}")
    public String profile(@PathVariable String nick, Model model) {
        model.addAttribute("nick", nick);
        return "profile";
    }

    // case: vulnerable (body with an HTML type)
    @GetMapping("/missing")
    public ResponseEntity<String> missing(@RequestParam("page") String page) {
        String html = new StringBuilder().append("<b>No such page: ").append(page).append("</b>").toString();
        return ResponseEntity.status(404).contentType(org.springframework.http.MediaType.TEXT_HTML).body(html);
    }

    // case: safe (answered as JSON)
    @GetMapping("/lookup")
    public void lookup(@RequestParam String term, HttpServletResponse response) throws IOException {
        response.setContentType("application/json");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.getWriter().write(mapper.writeValueAsString(Map.of("term", term)));
    }

    // case: vulnerable (escaped on the way in, undone on the way out)
    @PostMapping(value = "/preview", produces = "text/html;charset=UTF-8")
    @ResponseBody
    public String preview(@RequestBody String text) {
        String kept = HtmlUtils.htmlEscape(text);
        return "<div>" + HtmlUtils.htmlUnescape(kept) + "</div>";
    }

    // case: safe (cleaned with a list of allowed tags)
    @PostMapping(value = "/rich", produces = "text/html;charset=UTF-8")
    @ResponseBody
    public String rich(@RequestBody String text) {
        return "<div>" + Jsoup.clean(text, Safelist.basic()) + "</div>";
    }

    // case: vulnerable (a list from the query string, joined)
    @GetMapping("/tags")
    public void tags(@RequestParam("tag") List<String> tags, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String items = tags.stream().map(tag -> "<li>" + tag + "</li>").collect(Collectors.joining("\n"));
        response.getWriter().print("<ul>" + items + "</ul>");
    }

    // case: safe (one of two constants is printed)
    @GetMapping(value = "/badge", produces = "text/html")
    @ResponseBody
    public String badge(@RequestHeader("X-Plan") String plan) {
        String label = "gold".equals(plan) ? "Gold" : "Free";
        return String.format("<span>%s</span>", label);
    }

    // case: vulnerable (JAX-RS, cookie)
    @Path("/greeting")
    public static class Greeting {
        @GET
        @Produces(MediaType.TEXT_HTML)
        public Response greet(@CookieParam("nick") @DefaultValue("guest") String nick) {
            return Response.ok("<html><body>Welcome back, " + nick + "</body></html>").build();
        }
    }

    // case: safe (plain text by declaration, no sniffing)
    @Path("/echo")
    public static class Echo {
        @GET
        @Produces(MediaType.TEXT_PLAIN)
        public Response echo(@QueryParam("text") String text) {
            return Response.ok(text).header("X-Content-Type-Options", "nosniff").build();
        }
    }

    // case: vulnerable (a safe list that is only asked, not obeyed)
    @PostMapping(value = "/signature", produces = "text/html")
    @ResponseBody
    public String signature(@RequestParam String html) {
        if (!Jsoup.isValid(html, Safelist.basic())) {
            System.err.println("a signature holds tags that we do not know");
        }
        return "<footer>" + html + "</footer>";
    }
}
