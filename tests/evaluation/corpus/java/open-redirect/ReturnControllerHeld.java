package com.northwind.checkout;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;
import org.springframework.web.servlet.view.RedirectView;

@Controller
public class ReturnControllerHeld {
    private static final Map<String, String> SHOPS =
            Map.of("eu", "https://eu.northwind.example/", "us", "https://us.northwind.example/");

    // case: vulnerable
    @GetMapping("/return")
    public String back(@RequestParam String url) {
        return "redirect:" + url;
    }

    // case: safe (after the slash of our own path; the variable holds one segment)
    @GetMapping("/return/{order}")
    public String order(@PathVariable long order) {
        return "redirect:/orders/" + order;
    }

    // case: vulnerable
    @PostMapping("/signin")
    public RedirectView signIn(@RequestParam(name = "continue") String target) {
        RedirectView view = new RedirectView();
        view.setUrl(target);
        return view;
    }

    // case: safe (attributes become a query of a fixed page)
    @PostMapping("/signup")
    public RedirectView signUp(@RequestParam String plan, RedirectAttributes attributes) {
        attributes.addAttribute("plan", plan);
        return new RedirectView("/welcome", true);
    }

    // case: vulnerable (response entity with a location)
    @GetMapping("/go")
    public ResponseEntity<Void> go(@RequestParam String link) {
        HttpHeaders headers = new HttpHeaders();
        headers.setLocation(URI.create(link));
        return new ResponseEntity<>(headers, HttpStatus.FOUND);
    }

    // case: safe (the address comes from a map, a miss is our home page)
    @GetMapping("/shop")
    public ResponseEntity<Void> shop(@RequestParam String region) {
        URI target = URI.create(SHOPS.getOrDefault(region, "https://northwind.example/"));
        return ResponseEntity.status(HttpStatus.SEE_OTHER).location(target).build();
    }

    // case: vulnerable (what came first out of the queue is the cookie's value)
    @GetMapping("/resume")
    public void resume(@CookieValue("last") String last, HttpServletResponse response) throws IOException {
        Queue<String> places = new ArrayDeque<>();
        places.offer(last);
        places.offer("/home");
        response.sendRedirect(places.poll());
    }

    // case: safe (what came first out of the queue is a constant)
    @GetMapping("/continue")
    public void proceed(@CookieValue("last") String last, HttpServletResponse response) throws IOException {
        Queue<String> places = new ArrayDeque<>();
        places.offer("/home");
        places.offer(last);
        response.sendRedirect(places.poll());
    }

    // case: safe (a check in a helper; who fails it goes home)
    @GetMapping("/from")
    public ModelAndView from(HttpServletRequest request) {
        String target = request.getParameter("target");
        return new ModelAndView("redirect:" + (ours(target) ? target : "/home"));
    }

    private static boolean ours(String target) {
        return "/cart".equals(target) || "/account".equals(target);
    }

    // case: vulnerable (JAX-RS)
    @Path("/leave")
    public static class Leave {
        @GET
        public Response leave(@QueryParam("site") String site) {
            return Response.seeOther(URI.create(site)).build();
        }
    }

    // case: safe (JAX-RS, relative to our own resource)
    @Path("/enter")
    public static class Enter {
        @GET
        public Response enter(@QueryParam("room") int room) {
            return Response.temporaryRedirect(URI.create("/rooms/" + room)).build();
        }
    }

    // case: safe (the request's value was overwritten on every path)
    @GetMapping("/tour")
    public String tour(@RequestParam String page, @RequestParam boolean mobile) {
        String target = page;
        target = mobile ? "/m/tour" : "/tour/start";
        return "redirect:" + target;
    }
}
