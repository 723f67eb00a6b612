import freemarker.template.*;
import java.io.*;
import javax.servlet.http.HttpServletRequest;
import org.apache.velocity.app.Velocity;

class Page {
    void show(HttpServletRequest request, Configuration configuration, StringWriter out) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-template-injection-request
        Velocity.evaluate(null, out, "page", "Hello " + name);
        // ruleid: java-template-injection-request
        new Template("page", new StringReader("Hello " + name), configuration);
        // ok: java-template-injection-request
        Velocity.evaluate(null, out, "page", "Hello $name");
        // ok: java-template-injection-request
        configuration.getTemplate("page.ftl").process(java.util.Map.of("name", name), out);
    }
}
