package com.northwind.cookies;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.session.web.http.CookieSerializer;
import org.springframework.session.web.http.DefaultCookieSerializer;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class SessionCookiesHeld {
    interface Sessions {
        String open(String user);
    }

    private final Sessions sessions;

    public SessionCookiesHeld(Sessions sessions) {
        this.sessions = sessions;
    }

    // case: vulnerable
    @PostMapping("/session")
    public ResponseEntity<Void> session(String user) {
        ResponseCookie cookie = ResponseCookie.from("SESSION", sessions.open(user))
                .httpOnly(true)
                .secure(false)
                .path("/")
                .build();
        return ResponseEntity.noContent().header(HttpHeaders.SET_COOKIE, cookie.toString()).build();
    }

    // case: safe (both flags of the builder)
    @PostMapping("/session2")
    public ResponseEntity<Void> session2(String user) {
        ResponseCookie cookie = ResponseCookie.from("SESSION", sessions.open(user))
                .httpOnly(true)
                .secure(true)
                .sameSite("Lax")
                .maxAge(Duration.ofHours(8))
                .build();
        return ResponseEntity.noContent().header(HttpHeaders.SET_COOKIE, cookie.toString()).build();
    }

    // case: vulnerable (the builder's defaults are off)
    @PostMapping("/api/session")
    public ResponseEntity<Void> api(String user) {
        ResponseCookie cookie = ResponseCookie.from("auth", sessions.open(user)).maxAge(3600).build();
        return ResponseEntity.ok().header("Set-Cookie", cookie.toString()).build();
    }

    // case: safe (JAX-RS constructor, last two arguments are both flags)
    @Path("/login")
    public static class Login {
        @POST
        public Response login(String ticket) {
            NewCookie cookie = new NewCookie("ticket", ticket, "/", null, 1, "ticket", 600, null, true, true);
            return Response.noContent().cookie(cookie).build();
        }
    }

    // case: vulnerable (JAX-RS constructor, not secure)
    @Path("/logon")
    public static class Logon {
        @POST
        public Response logon(String ticket) {
            NewCookie cookie = new NewCookie("ticket", ticket, "/", null, "ticket", 600, false);
            return Response.noContent().cookie(cookie).build();
        }
    }

    // case: safe (JAX-RS builder)
    @Path("/enter")
    public static class Enter {
        @POST
        public Response enter(String ticket) {
            NewCookie cookie = new NewCookie.Builder("ticket").value(ticket).secure(true).httpOnly(true).build();
            return Response.noContent().cookie(cookie).build();
        }
    }

    // case: vulnerable (Spring Session)
    @Configuration
    static class SessionConfiguration {
        @Bean
        CookieSerializer serializer() {
            DefaultCookieSerializer serializer = new DefaultCookieSerializer();
            serializer.setCookieName("NWSESSION");
            serializer.setUseHttpOnlyCookie(false);
            serializer.setUseSecureCookie(true);
            return serializer;
        }
    }

    // case: safe (Spring Session)
    @Configuration
    static class PortalSessionConfiguration {
        @Bean
        CookieSerializer serializer() {
            DefaultCookieSerializer serializer = new DefaultCookieSerializer();
            serializer.setUseHttpOnlyCookie(true);
            serializer.setUseSecureCookie(true);
            serializer.setSameSite("Strict");
            return serializer;
        }
    }

    // case: vulnerable (set to true, then to false)
    public void twice(HttpServletResponse response, String token) {
        Cookie cookie = new Cookie("token", token);
        cookie.setHttpOnly(true);
        cookie.setSecure(true);
        cookie.setSecure(false);
        response.addCookie(cookie);
    }

    // case: safe (set to false, then to true before it is sent)
    public void again(HttpServletResponse response, String token) {
        Cookie cookie = new Cookie("token", token);
        cookie.setSecure(false);
        cookie.setHttpOnly(true);
        cookie.setSecure(true);
        response.addCookie(cookie);
    }

    // case: safe (flags are set in a function)
    public void lambda(HttpServletResponse response, String token) {
        UnaryOperator<Cookie> strict = cookie -> {
            cookie.setSecure(true);
            cookie.setHttpOnly(true);
            return cookie;
        };
        response.addCookie(strict.apply(new Cookie("token", token)));
    }

    // case: safe (session cookie of the container)
    @Configuration
    static class Container {
        @Bean
        ServletContextInitializer initializer() {
            return context -> {
                context.getSessionCookieConfig().setHttpOnly(true);
                context.getSessionCookieConfig().setSecure(true);
            };
        }
    }
}
