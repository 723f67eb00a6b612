import java.net.*;
import java.net.http.*;
import javax.servlet.http.HttpServletRequest;
import org.springframework.web.client.RestTemplate;

class Fetch {
    RestTemplate restTemplate;

    void fetch(HttpServletRequest request) throws Exception {
        String address = request.getParameter("url");
        // ruleid: java-ssrf-request
        new URL(address).openStream();
        URL url = new URL("http://" + request.getParameter("host") + "/status");
        // ruleid: java-ssrf-request
        url.openConnection();
        // ruleid: java-ssrf-request
        HttpRequest.newBuilder(URI.create(address));
        // ruleid: java-ssrf-request
        restTemplate.getForObject(address, String.class);
        // ok: java-ssrf-request
        restTemplate.getForObject("https://api.example.org/users/{id}", String.class, request.getParameter("id"));
        // ok: java-ssrf-request
        new URL("https://api.example.org/users/" + request.getParameter("id")).openStream();
    }
}
