import javax.servlet.http.*;
import org.springframework.web.cors.CorsConfiguration;

class Cors {
    void filter(HttpServletRequest request, HttpServletResponse response) {
        // ruleid: java-cors-any-origin
        response.setHeader("Access-Control-Allow-Origin", request.getHeader("Origin"));
        // ok: java-cors-any-origin
        response.setHeader("Access-Control-Allow-Origin", "https://app.example.org");
    }

    void configure(CorsConfiguration config) {
        config.setAllowCredentials(true);
        // ruleid: java-cors-any-origin
        config.addAllowedOriginPattern("*");
        // ok: java-cors-any-origin
        config.addAllowedOrigin("https://app.example.org");
    }
}
