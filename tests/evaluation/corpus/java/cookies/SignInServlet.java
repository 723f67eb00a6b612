package com.northwind.signin;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import javax.servlet.ServletContextEvent;
import javax.servlet.ServletContextListener;
import javax.servlet.SessionCookieConfig;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.http.impl.cookie.BasicClientCookie;

public class SignInServlet extends HttpServlet {
    private static final boolean PRODUCTION = true;
    private final Map<String, String> sessions = new HashMap<>();

    // case: vulnerable (neither flag)
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String token = UUID.randomUUID().toString();
        sessions.put(token, request.getRemoteUser());
        Cookie cookie = new Cookie("token", token);
        cookie.setPath("/");
        response.addCookie(cookie);
    }

    // case: safe (both flags)
    void signIn(HttpServletRequest request, HttpServletResponse response) {
        String token = UUID.randomUUID().toString();
        sessions.put(token, request.getRemoteUser());
        Cookie cookie = new Cookie("token", token);
        cookie.setPath("/");
        cookie.setSecure(true);
        cookie.setHttpOnly(true);
        response.addCookie(cookie);
    }

    // case: vulnerable (secure is switched off)
    void keep(HttpServletResponse response, String token) {
        Cookie cookie = new Cookie("remember", token);
        cookie.setMaxAge((int) Duration.ofDays(30).getSeconds());
        cookie.setSecure(false);
        cookie.setHttpOnly(true);
        response.addCookie(cookie);
    }

    // case: safe (flags are set by a helper below)
    void remember(HttpServletResponse response, String token) {
        Cookie cookie = cookieOf("remember", token);
        cookie.setMaxAge((int) Duration.ofDays(30).getSeconds());
        response.addCookie(cookie);
    }

    private static Cookie cookieOf(String name, String value) {
        Cookie cookie = new Cookie(name, value);
        cookie.setHttpOnly(true);
        cookie.setSecure(true);
        return cookie;
    }

    // case: vulnerable (scripts may read the session's id)
    static class Setup implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            SessionCookieConfig config = event.getServletContext().getSessionCookieConfig();
            config.setName("SID");
            config.setSecure(true);
            config.setHttpOnly(false);
        }
    }

    // case: safe (both flags of the session cookie)
    static class PortalSetup implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            SessionCookieConfig config = event.getServletContext().getSessionCookieConfig();
            config.setName("SID");
            config.setSecure(true);
            config.setHttpOnly(true);
        }
    }

    // case: vulnerable (header by hand, without Secure)
    void refresh(HttpServletResponse response, String token) {
        response.addHeader("Set-Cookie", "refresh=" + token + "; Path=/auth; HttpOnly; SameSite=Strict");
    }

    // case: safe (header by hand, with everything)
    void renew(HttpServletResponse response, String token) {
        response.addHeader("Set-Cookie", "refresh=" + token + "; Path=/auth; HttpOnly; Secure; SameSite=Strict");
    }

    // case: vulnerable (the flag is set on another cookie)
    void pair(HttpServletResponse response, String token) {
        Cookie language = new Cookie("lang", "en");
        language.setSecure(true);
        language.setHttpOnly(true);
        Cookie access = new Cookie("access", token);
        access.setHttpOnly(true);
        response.addCookie(language);
        response.addCookie(access);
    }

    // case: safe (the flag's value is a constant of the class)
    void device(HttpServletResponse response, String device) {
        Cookie cookie = new Cookie("device", device);
        cookie.setSecure(PRODUCTION);
        cookie.setHttpOnly(PRODUCTION);
        response.addCookie(cookie);
    }

    // case: safe (a cookie that we send as a client of another server)
    BasicClientCookie outgoing(String session) {
        BasicClientCookie cookie = new BasicClientCookie("session", session);
        cookie.setDomain("billing.northwind.example");
        cookie.setPath("/");
        cookie.setSecure(true);
        return cookie;
    }

    // case: safe (cookies are only read)
    String current(HttpServletRequest request) {
        for (Cookie cookie : request.getCookies()) {
            if (cookie.getName().equals("token")) {
                return sessions.get(cookie.getValue());
            }
        }
        return null;
    }
}
