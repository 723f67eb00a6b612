import java.util.Set;
import javax.servlet.http.*;

class Preferences {
    private static final Set<String> LANGUAGES = Set.of("en", "zh");

    void keep(HttpServletRequest request, Users users) {
        String role = request.getParameter("role");
        // ruleid: java-session-request
        request.getSession().setAttribute("role", role);
        HttpSession session = request.getSession(true);
        // ruleid: java-session-request
        session.putValue("role", role);
        // ruleid: java-session-request
        session.setAttribute(request.getHeader("X-Name"), "1");
        // ok: java-session-request
        session.setAttribute("size", Integer.parseInt(request.getParameter("size")));
        // ok: java-session-request
        session.setAttribute("user", users.repository.findByName(role));
        // ok: java-session-request
        session.setAttribute("theme", "dark");
        String language = request.getParameter("language");
        if (!LANGUAGES.contains(language)) {
            throw new IllegalArgumentException("language");
        }
        // ok: java-session-request
        session.setAttribute("language", language);
    }
}
