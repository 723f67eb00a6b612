package com.northwind.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.jsoup.Jsoup;

public class ProxyServlet extends HttpServlet {
    private static final Set<String> HOSTS = Set.of("api.northwind.example", "img.northwind.example");
    private static final String CATALOGUE = "https://catalogue.northwind.example";
    private final HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

    // case: vulnerable
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        URL url = new URL(request.getParameter("url"));
        try (InputStream in = url.openStream()) {
            in.transferTo(response.getOutputStream());
        }
    }

    // case: safe (scheme and host are compared with a list)
    void forward(HttpServletRequest request, HttpServletResponse response) throws Exception {
        URI uri = URI.create(request.getParameter("url"));
        if (!"https".equals(uri.getScheme()) || !HOSTS.contains(uri.getHost())) {
            response.sendError(400);
            return;
        }
        HttpRequest call = HttpRequest.newBuilder(uri).GET().build();
        response.getWriter().write(client.send(call, HttpResponse.BodyHandlers.ofString()).body());
    }

    // case: vulnerable (a name may begin as ours and go on as another)
    void mirror(HttpServletRequest request, HttpServletResponse response) throws Exception {
        String target = request.getParameter("target");
        if (!target.startsWith("https://api.northwind.example")) {
            response.sendError(400);
            return;
        }
        HttpRequest call = HttpRequest.newBuilder().uri(new URI(target)).build();
        response.getWriter().write(client.send(call, HttpResponse.BodyHandlers.ofString()).body());
    }

    // case: safe (host is fixed, the value is encoded into the query)
    void product(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String sku = URLEncoder.encode(request.getParameter("sku"), StandardCharsets.UTF_8);
        HttpURLConnection connection = (HttpURLConnection) new URL(CATALOGUE + "/find?sku=" + sku).openConnection();
        connection.getInputStream().transferTo(response.getOutputStream());
    }

    // case: vulnerable (the value is the host)
    void health(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String node = request.getParameter("node");
        HttpURLConnection connection =
                (HttpURLConnection) new URL("http://" + node + ":8080/health").openConnection();
        response.setStatus(connection.getResponseCode());
    }

    // case: safe (a constant comparison keeps the constant)
    void status(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String base = CATALOGUE;
        if ("blue".length() == 5) {
            base = request.getHeader("X-Upstream");
        }
        new URL(base + "/status").openStream().transferTo(response.getOutputStream());
    }

    // case: vulnerable (Apache client, header)
    void upstream(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try (CloseableHttpClient http = HttpClients.createDefault()) {
            HttpGet get = new HttpGet(request.getHeader("X-Upstream") + "/v1/items");
            http.execute(get).getEntity().writeTo(response.getOutputStream());
        }
    }

    // case: safe (the URL comes from a fixed map)
    void feed(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, String> feeds = Map.of("news", CATALOGUE + "/news.xml", "jobs", CATALOGUE + "/jobs.xml");
        String feed = feeds.getOrDefault(request.getParameter("feed"), CATALOGUE + "/news.xml");
        response.getWriter().write(Jsoup.connect(feed).get().title());
    }

    // case: vulnerable (Jsoup fetches what it is told)
    void preview(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String page = request.getParameterMap().get("page")[0].trim();
        response.setContentType("text/plain");
        response.getWriter().print(Jsoup.connect(page).timeout(2000).get().title().length());
    }

    // case: safe (the id is a number in the path of a fixed host)
    void image(HttpServletRequest request, HttpServletResponse response) throws IOException {
        long id = Long.parseLong(request.getParameter("id"));
        URL url = new URL(String.format("https://img.northwind.example/%d.png", id));
        ImageIO.write(ImageIO.read(url), "png", response.getOutputStream());
    }

    // case: vulnerable (host and port of a plain socket; loopback is refused, nothing else)
    void port(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String host = request.getParameter("host");
        if (host.equals("localhost") || host.equals("127.0.0.1")) {
            response.sendError(400);
            return;
        }
        try (Socket socket = new Socket(host, Integer.parseInt(request.getParameter("port")))) {
            response.getWriter().print(socket.isConnected());
        }
    }

    // case: safe (the request's value was removed from the list)
    void ping(HttpServletRequest request, HttpServletResponse response) throws IOException {
        List<String> nodes = new ArrayList<>();
        nodes.add(request.getParameter("node"));
        nodes.add(CATALOGUE);
        nodes.remove(0);
        new URL(nodes.get(0)).openStream().close();
        response.setStatus(204);
    }
}
