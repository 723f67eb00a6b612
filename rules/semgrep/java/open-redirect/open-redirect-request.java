import javax.servlet.http.*;
import org.springframework.web.bind.annotation.*;

class Go {
    void go(HttpServletRequest request, HttpServletResponse response) throws Exception {
        // ruleid: java-open-redirect-request
        response.sendRedirect(request.getParameter("next"));
        // ok: java-open-redirect-request
        response.sendRedirect("/home");
        // ok: java-open-redirect-request
        response.sendRedirect("/users/" + request.getParameter("id"));
    }

    @GetMapping("/jump")
    String jump(@RequestParam String target) {
        // ruleid: java-open-redirect-request
        return "redirect:" + target;
    }

    @GetMapping("/user")
    String user(@RequestParam String id) {
        // ok: java-open-redirect-request
        return "redirect:/users/" + id;
    }
}
