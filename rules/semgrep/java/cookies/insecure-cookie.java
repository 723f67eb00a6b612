import javax.servlet.http.*;

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
}
