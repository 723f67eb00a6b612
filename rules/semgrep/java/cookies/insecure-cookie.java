import javax.servlet.SessionCookieConfig;
import javax.servlet.http.*;
import org.springframework.http.ResponseCookie;

class Cookies {
    void set(HttpServletResponse response) {
        Cookie cookie = new Cookie("theme", "dark");
        // ruleid: java-insecure-cookie
        cookie.setHttpOnly(false);
        // ok: java-insecure-cookie
        response.addCookie(cookie);
        Cookie session = new Cookie("session", "abc");
        // ruleid: java-insecure-cookie
        response.addCookie(session);
        Cookie token = new Cookie("token", "abc");
        token.setSecure(true);
        token.setHttpOnly(true);
        // ok: java-insecure-cookie
        response.addCookie(token);
    }

    void half(HttpServletResponse response, String value) {
        javax.servlet.http.Cookie remember = new javax.servlet.http.Cookie("rememberMe", value);
        remember.setHttpOnly(true);
        // ruleid: java-insecure-cookie
        remember.setSecure(false);
        response.addCookie(remember);
    }

    void remove(HttpServletResponse response) {
        Cookie session = new Cookie("session", "");
        session.setMaxAge(0);
        // ok: java-insecure-cookie
        response.addCookie(session);
    }

    void configure(SessionCookieConfig config) {
        // ok: java-insecure-cookie
        config.setSecure(true);
        // ruleid: java-insecure-cookie
        config.setHttpOnly(false);
    }

    void builders(HttpServletResponse response, String value) {
        // ruleid: java-insecure-cookie
        ResponseCookie first = ResponseCookie.from("session", value).httpOnly(true).build();
        // ok: java-insecure-cookie
        ResponseCookie second = ResponseCookie.from("session", value).secure(true).path("/").httpOnly(true).build();
        // ruleid: java-insecure-cookie
        response.addHeader("Set-Cookie", "session=" + value + "; Path=/; HttpOnly");
        // ok: java-insecure-cookie
        response.addHeader("Set-Cookie", "session=" + value + "; Path=/; Secure; HttpOnly; SameSite=Lax");
    }
}
