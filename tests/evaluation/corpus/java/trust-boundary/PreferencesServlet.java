package com.northwind.preferences;

import java.io.IOException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.HttpSession;

public class PreferencesServlet extends HttpServlet {
    private static final Set<String> THEMES = Set.of("light", "dark", "contrast");
    private static final Pattern CURRENCY = Pattern.compile("EUR|USD|GBP");

    // case: vulnerable
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        request.getSession().setAttribute("userId", request.getParameter("userId"));
        response.sendRedirect("/preferences");
    }

    // case: safe (one of three names)
    void theme(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String theme = request.getParameter("theme");
        if (theme == null || !THEMES.contains(theme)) {
            response.sendError(400);
            return;
        }
        request.getSession().setAttribute("theme", theme);
    }

    // case: vulnerable (the name of the attribute is the request's choice)
    void toggle(HttpServletRequest request) {
        String name = request.getParameter("option");
        HttpSession session = request.getSession(true);
        session.setAttribute(name, Boolean.TRUE);
    }

    // case: safe (the value comes from the database, the request only helped to find it)
    void account(HttpServletRequest request, Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT role FROM account WHERE login = ?")) {
            statement.setString(1, request.getRemoteUser());
            ResultSet rows = statement.executeQuery();
            if (rows.next()) {
                request.getSession().setAttribute("role", rows.getString("role"));
            }
        }
    }

    // case: vulnerable (cookie; old method of the interface)
    @SuppressWarnings("deprecation")
    void tenant(HttpServletRequest request) {
        String tenant = null;
        for (Cookie cookie : request.getCookies()) {
            if ("tenant".equals(cookie.getName())) {
                tenant = cookie.getValue();
            }
        }
        request.getSession().putValue("tenant", tenant);
    }

    // case: safe (the session's value is made here)
    void nonce(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String nonce = UUID.randomUUID().toString();
        request.getSession().setAttribute("nonce", nonce);
        response.getWriter().print(request.getParameter("callback") == null ? "none" : "asked");
    }

    // case: vulnerable (every parameter goes in)
    void wizard(HttpServletRequest request) {
        HttpSession session = request.getSession();
        Enumeration<String> names = request.getParameterNames();
        while (names.hasMoreElements()) {
            String name = names.nextElement();
            session.setAttribute("wizard." + name, request.getParameterValues(name));
        }
    }

    // case: safe (list shifted: what is read is a constant)
    void layout(HttpServletRequest request) {
        List<String> layouts = new ArrayList<>();
        layouts.add(request.getParameter("layout"));
        layouts.add("grid");
        layouts.remove(0);
        request.getSession().setAttribute("layout", layouts.get(0));
    }

    // case: vulnerable (list shifted: what is read is the request's value)
    void columns(HttpServletRequest request) {
        List<String> layouts = new ArrayList<>();
        layouts.add("grid");
        layouts.add(request.getParameter("columns"));
        layouts.remove(0);
        request.getSession().setAttribute("columns", layouts.get(0));
    }

    // case: safe (whole value has to match one of three codes)
    void currency(HttpServletRequest request) {
        String currency = request.getHeader("X-Currency");
        if (!CURRENCY.matcher(currency).matches()) {
            throw new IllegalArgumentException("currency");
        }
        request.getSession().setAttribute("currency", currency);
    }

    // case: safe (the session is only read and compared)
    void confirm(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String expected = (String) request.getSession().getAttribute("nonce");
        if (!MessageDigest.isEqual(expected.getBytes(), request.getParameter("nonce").getBytes())) {
            response.sendError(403);
        }
    }

    // case: vulnerable (header inside a map that is put in as a whole)
    void client(HttpServletRequest request) {
        Map<String, String> client = new HashMap<>();
        client.put("agent", request.getHeader("User-Agent"));
        client.put("kind", "browser");
        request.getSession().setAttribute("client", client);
    }

    // case: safe (switch on a letter of a constant never gets to the request's value)
    void density(HttpServletRequest request) {
        String density;
        switch ("wide".charAt(0)) {
            case 'w':
                density = "comfortable";
                break;
            default:
                density = request.getParameter("density");
        }
        request.getSession().setAttribute("density", density);
    }
}
