package com.northwind.portal;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.text.StringEscapeUtils;
import org.owasp.encoder.Encode;
import org.owasp.esapi.ESAPI;

public class PageServlet extends HttpServlet {
    private static final String GREETING = "Hello";

    // case: vulnerable
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        PrintWriter out = response.getWriter();
        out.println("<h1>Results for " + request.getParameter("q") + "</h1>");
    }

    // case: safe (encoded for HTML)
    void results(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html;charset=UTF-8");
        response.getWriter().println("<h1>Results for " + Encode.forHtml(request.getParameter("q")) + "</h1>");
    }

    // case: vulnerable (encoded for HTML, but stands bare in a script)
    void widget(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String size = Encode.forHtml(request.getParameter("size"));
        response.getWriter().print("<script>var size = " + size + "; draw(size);</script>");
    }

    // case: safe (a number is printed)
    void counter(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        long start = Long.parseLong(request.getParameter("start"));
        response.getWriter().printf("<ol start=\"%d\"></ol>", start);
    }

    // case: vulnerable (format, header as source)
    void from(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String referer = URLDecoder.decode(request.getHeader("Referer"), "UTF-8");
        response.getWriter().format(Locale.ENGLISH, "<a href='/'>%s, you came from %s</a>", GREETING, referer);
    }

    // case: safe (map gives back the constant)
    void footer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        Map<String, Object> model = new HashMap<>();
        model.put("visitor", request.getParameter("visitor"));
        model.put("year", "2024");
        response.getWriter().write("<footer>" + model.get("year") + "</footer>");
    }

    // case: vulnerable (the map's other entry)
    void header(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        Map<String, Object> model = new HashMap<>();
        model.put("visitor", request.getParameter("visitor"));
        model.put("year", "2024");
        response.getWriter().write("<header>" + model.get("visitor") + "</header>");
    }

    // case: safe (ESAPI encodes for the attribute, quotes around it)
    void field(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String value = ESAPI.encoder().encodeForHTMLAttribute(request.getParameter("value"));
        response.getWriter().print("<input name='v' value='" + value + "'>");
    }

    // case: vulnerable (only one tag is taken out)
    void comment(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String text = request.getParameter("text").replaceAll("<script>", "").trim();
        char[] letters = ("<p>" + text + "</p>").toCharArray();
        response.getWriter().write(letters, 0, letters.length);
    }

    // case: safe (plain text that a browser does not sniff)
    void notes(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain;charset=UTF-8");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.getWriter().write(request.getParameter("text"));
    }

    // case: safe (the array's element was overwritten before it is printed)
    void crumbs(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        String[] crumbs = request.getParameterValues("crumb");
        crumbs = new String[] {"Home", "Shop"};
        for (String crumb : crumbs) {
            response.getWriter().append("<li>").append(crumb).append("</li>");
        }
    }

    // case: vulnerable (sink in a helper, cookie as source)
    void theme(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String theme = "light";
        for (Cookie cookie : request.getCookies()) {
            theme = cookie.getName().equals("theme") ? cookie.getValue() : theme;
        }
        emit(response, "<body class='" + theme + "'>");
    }

    private void emit(HttpServletResponse response, String html) throws IOException {
        response.setContentType("text/html");
        response.getWriter().println(html);
    }

    // case: safe (escaped within the helper)
    void title(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        response.getWriter().println("<title>" + heading(request.getParameter("title")) + "</title>");
    }

    private static String heading(String text) {
        String shortened = text.length() > 80 ? text.substring(0, 80) : text;
        return StringEscapeUtils.escapeHtml4(shortened);
    }
}
