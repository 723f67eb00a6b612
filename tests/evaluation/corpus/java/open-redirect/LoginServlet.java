package com.northwind.login;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.lang3.StringUtils;

public class LoginServlet extends HttpServlet {
    private static final List<String> TARGETS =
            Collections.unmodifiableList(Arrays.asList("/home", "/orders", "/help"));

    // case: vulnerable
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String next = request.getParameter("next");
        response.sendRedirect(next);
    }

    // case: safe (one of three paths)
    void login(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String next = request.getParameter("next");
        if (TARGETS.contains(next)) {
            response.sendRedirect(next);
        } else {
            response.sendRedirect("/home");
        }
    }

    // case: vulnerable ("//host" begins with a slash, too)
    void inner(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String next = request.getParameter("next");
        if (next.startsWith("/")) {
            response.sendRedirect(next);
        }
    }

    // case: safe (a slash, then neither slash nor backslash)
    void path(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String next = request.getParameter("next");
        if (next == null || !next.matches("/[A-Za-z0-9_-][A-Za-z0-9_/-]*")) {
            next = "/home";
        }
        response.sendRedirect(next);
    }

    // case: vulnerable (the header is set by hand)
    void moved(HttpServletRequest request, HttpServletResponse response) {
        response.setStatus(HttpServletResponse.SC_FOUND);
        response.setHeader("Location", request.getParameter("to"));
    }

    // case: safe (the value only fills in a query of our own page)
    void search(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String term = java.net.URLEncoder.encode(request.getParameter("term"), "UTF-8");
        response.sendRedirect("/search?term=" + term);
    }

    // case: vulnerable (our name may stand anywhere in the address)
    void partner(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String url = request.getParameter("url");
        if (!url.contains("northwind.example")) {
            response.sendError(400);
            return;
        }
        response.sendRedirect(url);
    }

    // case: safe (host compared)
    void visit(HttpServletRequest request, HttpServletResponse response) throws IOException, URISyntaxException {
        URI uri = new URI(request.getParameter("url"));
        if (!"shop.northwind.example".equals(uri.getHost()) || !"https".equals(uri.getScheme())) {
            response.sendError(400);
            return;
        }
        response.sendRedirect(uri.toString());
    }

    // case: vulnerable (helper in the same file passes it through)
    void after(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String target = orDefault(request.getHeader("X-Return-To"), "/home");
        response.sendRedirect(response.encodeRedirectURL(target));
    }

    private static String orDefault(String value, String fallback) {
        return StringUtils.isBlank(value) ? fallback : value.trim();
    }

    // case: safe (key of the other entry)
    void logout(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, String> pages = new HashMap<>();
        pages.put("asked", request.getParameter("page"));
        pages.put("after", "/goodbye");
        response.sendRedirect(pages.get("after"));
    }

    // case: safe (constant arithmetic, the request's value is never taken)
    void resume(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int step = 7;
        String page;
        if (step * 6 == 42) {
            page = "/wizard/7";
        } else {
            page = request.getParameter("page");
        }
        response.sendRedirect(page);
    }

    // case: safe (a fixed address out of a switch)
    void language(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String page;
        switch (request.getParameter("lang")) {
            case "de":
                page = "https://northwind.example/de/";
                break;
            case "fr":
                page = "https://northwind.example/fr/";
                break;
            default:
                page = "https://northwind.example/";
        }
        response.sendRedirect(page);
    }
}
