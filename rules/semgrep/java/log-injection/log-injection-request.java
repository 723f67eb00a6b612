import javax.servlet.http.*;
import org.slf4j.*;

class Audit {
    private static final Logger LOG = LoggerFactory.getLogger(Audit.class);

    void write(HttpServletRequest request) {
        String name = request.getParameter("name");
        // ruleid: java-log-injection-request
        LOG.info("login of " + name);
        // ruleid: java-log-injection-request
        LOG.warn("login of {}", name);
        // ruleid: java-log-injection-request
        LOG.warn("login of {}", name.replace("\t", " "));
        // ok: java-log-injection-request
        LOG.info("login of {}", name.replaceAll("[\r\n]", "_"));
        // ok: java-log-injection-request
        LOG.info("login number {}", Integer.parseInt(request.getParameter("number")));
        // ok: java-log-injection-request
        LOG.info("login");
    }
}
