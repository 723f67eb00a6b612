import javax.servlet.http.HttpServletRequest;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class Load {
    void load(HttpServletRequest request) throws Exception {
        // ruleid: java-yaml-request
        new Yaml().load(request.getReader());
        Yaml yaml = new Yaml();
        // ruleid: java-yaml-request
        yaml.load(request.getParameter("text"));
        // ok: java-yaml-request
        new Yaml(new SafeConstructor()).load(request.getReader());
        // ok: java-yaml-request
        yaml.load("a: 1");
    }
}
