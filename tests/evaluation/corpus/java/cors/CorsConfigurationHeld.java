package com.northwind.cors;

import java.util.List;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.CrossOrigin;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.UrlBasedCorsConfigurationSource;
import org.springframework.web.servlet.config.annotation.CorsRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

public class CorsConfigurationHeld {

    // case: vulnerable (every origin may read accounts with the visitor's cookies)
    @RestController
    @CrossOrigin(originPatterns = "*", allowCredentials = "true")
    static class Accounts {
        @GetMapping("/accounts/me")
        public String me() {
            return "{}";
        }
    }

    // case: safe (one origin)
    @RestController
    @CrossOrigin(origins = "https://shop.northwind.example", allowCredentials = "true")
    static class Orders {
        @GetMapping("/orders/mine")
        public String mine() {
            return "{}";
        }
    }

    // case: vulnerable (registry)
    @Configuration
    static class Registry implements WebMvcConfigurer {
        @Override
        public void addCorsMappings(CorsRegistry registry) {
            registry.addMapping("/**").allowedOriginPatterns("*").allowedMethods("*").allowCredentials(true);
        }
    }

    // case: safe (registry, two origins)
    @Configuration
    static class ApiRegistry implements WebMvcConfigurer {
        @Override
        public void addCorsMappings(CorsRegistry registry) {
            registry.addMapping("/api/**")
                    .allowedOrigins("https://shop.northwind.example", "https://m.northwind.example")
                    .allowedMethods("GET", "POST")
                    .allowCredentials(true);
        }
    }

    // case: vulnerable (configuration object)
    static UrlBasedCorsConfigurationSource source() {
        CorsConfiguration cors = new CorsConfiguration();
        cors.addAllowedOriginPattern("*");
        cors.setAllowCredentials(true);
        UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
        source.registerCorsConfiguration("/**", cors);
        return source;
    }

    // case: safe (configuration object, the star is for headers only)
    static UrlBasedCorsConfigurationSource gateway() {
        CorsConfiguration cors = new CorsConfiguration();
        cors.setAllowedOrigins(List.of("https://shop.northwind.example"));
        cors.addAllowedHeader("*");
        cors.setAllowCredentials(true);
        UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
        source.registerCorsConfiguration("/**", cors);
        return source;
    }
}
