package com.northwind.origins;

import java.io.IOException;
import java.util.Set;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.ws.rs.container.ContainerRequestContext;
import javax.ws.rs.container.ContainerResponseContext;
import javax.ws.rs.container.ContainerResponseFilter;

public class OriginFilter {
    private static final Set<String> ORIGINS = Set.of("https://shop.northwind.example", "https://m.northwind.example");

    // case: vulnerable (any origin is repeated, with credentials)
    static class ShopFilter implements Filter {
        @Override
        public void doFilter(ServletRequest in, ServletResponse out, FilterChain chain)
                throws IOException, ServletException {
            HttpServletResponse response = (HttpServletResponse) out;
            response.setHeader("Access-Control-Allow-Origin", ((HttpServletRequest) in).getHeader("Origin"));
            response.setHeader("Access-Control-Allow-Credentials", "true");
            chain.doFilter(in, out);
        }
    }

    // case: safe (one of two origins is repeated)
    static class CartFilter implements Filter {
        @Override
        public void doFilter(ServletRequest in, ServletResponse out, FilterChain chain)
                throws IOException, ServletException {
            String origin = ((HttpServletRequest) in).getHeader("Origin");
            if (origin != null && ORIGINS.contains(origin)) {
                HttpServletResponse response = (HttpServletResponse) out;
                response.setHeader("Access-Control-Allow-Origin", origin);
                response.setHeader("Access-Control-Allow-Credentials", "true");
                response.addHeader("Vary", "Origin");
            }
            chain.doFilter(in, out);
        }
    }

    // case: vulnerable (JAX-RS)
    static class StockFilter implements ContainerResponseFilter {
        @Override
        public void filter(ContainerRequestContext request, ContainerResponseContext response) {
            String origin = request.getHeaderString("Origin");
            response.getHeaders().putSingle("Access-Control-Allow-Origin", origin);
            response.getHeaders().putSingle("Access-Control-Allow-Credentials", "true");
        }
    }

    // case: safe (JAX-RS, one origin)
    static class PriceFilter implements ContainerResponseFilter {
        @Override
        public void filter(ContainerRequestContext request, ContainerResponseContext response) {
            response.getHeaders().putSingle("Access-Control-Allow-Origin", "https://shop.northwind.example");
            response.getHeaders().putSingle("Access-Control-Allow-Credentials", "true");
        }
    }

    // case: safe (the origin is compared, then a constant is sent)
    static class HelpFilter implements Filter {
        @Override
        public void doFilter(ServletRequest in, ServletResponse out, FilterChain chain)
                throws IOException, ServletException {
            if ("https://shop.northwind.example".equals(((HttpServletRequest) in).getHeader("Origin"))) {
                ((HttpServletResponse) out).setHeader("Access-Control-Allow-Origin", "https://shop.northwind.example");
            }
            chain.doFilter(in, out);
        }
    }
}
