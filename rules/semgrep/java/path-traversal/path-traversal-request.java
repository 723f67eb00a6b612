import java.io.*;
import java.nio.file.*;
import javax.servlet.http.HttpServletRequest;
import org.apache.commons.io.FilenameUtils;

class Download {
    byte[] read(HttpServletRequest request) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-path-traversal-request
        new FileInputStream("/srv/files/" + name);
        // ruleid: java-path-traversal-request
        new FileReader(new File("/srv/files", name));
        // ruleid: java-path-traversal-request
        Files.readAllBytes(Paths.get("/srv/files", name));
        // ok: java-path-traversal-request
        new FileInputStream("/srv/files/" + FilenameUtils.getName(name));
        // ok: java-path-traversal-request
        new FileInputStream("/srv/files/readme.txt");
        Path path = Paths.get("/srv/files").resolve(name).normalize();
        if (!path.startsWith("/srv/files")) {
            return null;
        }
        // ok: java-path-traversal-request
        return Files.readAllBytes(path);
    }
}
