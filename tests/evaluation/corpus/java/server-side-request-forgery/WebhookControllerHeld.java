package com.northwind.webhooks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.QueryParam;
import javax.ws.rs.client.Client;
import javax.ws.rs.client.ClientBuilder;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.springframework.http.HttpMethod;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.util.UriComponentsBuilder;

@RestController
public class WebhookControllerHeld {
    private final RestTemplate rest = new RestTemplate();
    private final OkHttpClient ok = new OkHttpClient.Builder().followRedirects(false).build();
    private final WebClient web = WebClient.create();

    record Hook(String url, String event) {}

    // case: vulnerable
    @PostMapping("/hooks/test")
    public String test(@RequestBody Hook hook) {
        return rest.postForObject(hook.url(), Map.of("event", hook.event()), String.class);
    }

    // case: safe (only the event of the body is sent, to an address of ours)
    @PostMapping("/hooks/record")
    public String keep(@RequestBody Hook hook) {
        return rest.postForObject("https://events.northwind.example/v1", Map.of("event", hook.event()), String.class);
    }

    // case: vulnerable (reactive client)
    @GetMapping("/hooks/peek")
    public String peek(@RequestParam String callback) {
        return web.get().uri(URI.create(callback)).retrieve().bodyToMono(String.class).block();
    }

    // case: safe (URI variable of a fixed host is encoded by the client)
    @GetMapping("/hooks/{id}")
    public String one(@PathVariable String id) {
        return rest.getForObject("https://hooks.northwind.example/v1/hooks/{id}", String.class, id);
    }

    // case: vulnerable (any host that ends in our name, "evil-northwind.example" too)
    @GetMapping("/hooks/check")
    public int check(@RequestParam String url) throws IOException {
        HttpUrl parsed = HttpUrl.get(url);
        if (!parsed.host().endsWith("northwind.example")) {
            return 400;
        }
        try (Response response = ok.newCall(new Request.Builder().url(parsed).build()).execute()) {
            return response.code();
        }
    }

    // case: safe (equal to one of two hosts)
    @GetMapping("/hooks/verify")
    public int verify(@RequestParam String url) throws IOException {
        HttpUrl parsed = HttpUrl.get(url);
        if (!List.of("hooks.northwind.example", "events.northwind.example").contains(parsed.host())) {
            return 400;
        }
        try (Response response = ok.newCall(new Request.Builder().url(parsed).build()).execute()) {
            return response.code();
        }
    }

    // case: vulnerable (address out of a JSON tree)
    @PostMapping("/avatar")
    public int avatar(@RequestBody JsonNode profile) throws IOException {
        String address = profile.at("/links/avatar").textValue();
        return ImageIO.read(new URL(address)).getWidth();
    }

    // case: safe (builder with fixed scheme and host, value as query parameter)
    @GetMapping("/geo")
    public String geo(@RequestParam String city) {
        URI uri = UriComponentsBuilder.newInstance().scheme("https").host("geo.northwind.example").path("/search")
                .queryParam("city", "{city}").build(city);
        return rest.exchange(uri, HttpMethod.GET, null, String.class).getBody();
    }

    // case: vulnerable (the builder's host is the request's)
    @GetMapping("/geo/region")
    public String region(@RequestHeader("X-Geo-Host") String host) {
        String uri = UriComponentsBuilder.newInstance().scheme("https").host(host).path("/region").toUriString();
        return rest.getForEntity(uri, String.class).getBody();
    }

    // case: safe (the map's other entry is the address)
    @GetMapping("/rates")
    public String rates(@RequestParam String source) {
        Map<String, String> config = new HashMap<>();
        config.put("source", source);
        config.put("address", "https://rates.northwind.example/today");
        return web.get().uri(config.get("address")).retrieve().bodyToMono(String.class).block();
    }

    // case: safe (the helper picks a constant by the value)
    @GetMapping("/mirror")
    public String mirror(@RequestParam Optional<String> zone) {
        return rest.getForObject(addressOf(zone.orElse("eu")), String.class);
    }

    private static String addressOf(String zone) {
        switch (zone) {
            case "us":
                return "https://us.northwind.example/";
            default:
                return "https://eu.northwind.example/";
        }
    }

    // case: vulnerable (JAX-RS client)
    @Path("/fetch")
    public static class Fetch {
        private final Client client = ClientBuilder.newClient();

        @GET
        public String fetch(@QueryParam("from") String from) {
            return client.target(from).request().get(String.class);
        }
    }
}
