import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.*;
import java.util.Base64;
import javax.servlet.http.HttpServletRequest;

class Load {
    void load(HttpServletRequest request) throws Exception {
        // ruleid: java-unsafe-deserialization-request
        new ObjectInputStream(request.getInputStream()).readObject();
        byte[] bytes = Base64.getDecoder().decode(request.getParameter("state"));
        // ruleid: java-unsafe-deserialization-request
        new ObjectInputStream(new ByteArrayInputStream(bytes)).readObject();
        // ok: java-unsafe-deserialization-request
        new ObjectMapper().readValue(request.getReader(), Load.class);
        // ok: java-unsafe-deserialization-request
        new ObjectInputStream(new FileInputStream("state.bin")).readObject();
    }
}
