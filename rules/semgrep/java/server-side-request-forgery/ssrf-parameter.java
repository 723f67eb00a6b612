import java.net.*;

class Load {
    void load(String address, String id) throws Exception {
        // ruleid: java-ssrf-parameter
        new URL(address).openStream();
        // ok: java-ssrf-parameter
        new URL("https://api.example.org/users/" + id).openStream();
    }
}
