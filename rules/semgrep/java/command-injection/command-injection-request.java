import java.util.List;
import javax.servlet.http.*;
import org.springframework.web.bind.annotation.*;

class Ping extends HttpServlet {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
        String host = request.getParameter("host");
        // ruleid: java-command-injection-request
        Runtime.getRuntime().exec("ping -c 1 " + host);
        // ruleid: java-command-injection-request
        new ProcessBuilder("sh", "-c", "ping " + host).start();
        // ruleid: java-command-injection-request
        Runtime.getRuntime().exec(new String[]{"sh", "-c", "ping " + host});
        // ok: java-command-injection-request
        new ProcessBuilder("ping", "-c", "1", "--", host).start();
        // ok: java-command-injection-request
        new ProcessBuilder(List.of("ping", "--", host)).start();
        // ok: java-command-injection-request
        Runtime.getRuntime().exec("uptime");
        int count = Integer.parseInt(request.getParameter("count"));
        // ok: java-command-injection-request
        Runtime.getRuntime().exec("ping -c " + count + " localhost");
    }

    @GetMapping("/run")
    String run(@RequestParam("name") String name, @RequestParam int number) throws Exception {
        // ok: java-command-injection-request
        Runtime.getRuntime().exec("job " + number);
        // ruleid: java-command-injection-request
        Runtime.getRuntime().exec("job " + name);
        return "done";
    }
}
