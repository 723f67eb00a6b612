package com.northwind.audit;

import java.util.logging.Level;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import org.owasp.encoder.Encode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public class AuditServlet extends HttpServlet {
    private static final Logger LOG = LoggerFactory.getLogger(AuditServlet.class);
    private static final java.util.logging.Logger JUL = java.util.logging.Logger.getLogger("audit");

    // case: vulnerable
    void failed(HttpServletRequest request) {
        LOG.warn("login failed for " + request.getParameter("user"));
    }

    // case: safe (line breaks are taken out)
    void refused(HttpServletRequest request) {
        String user = request.getParameter("user").replaceAll("[\\r\\n]", "_");
        LOG.warn("access denied for {}", user);
    }

    // case: vulnerable (braces put the text in as it is)
    void opened(HttpServletRequest request) {
        LOG.info("opened by {} from {}", request.getParameter("user"), request.getRemotePort());
    }

    // case: safe (a number)
    void paged(HttpServletRequest request) {
        int page = Integer.parseInt(request.getParameter("page"));
        LOG.info("page {} was asked for", page);
    }

    // case: safe (encoded, a line break becomes two letters)
    void searched(HttpServletRequest request) {
        JUL.log(Level.INFO, "search: {0}", Encode.forJava(request.getParameter("term")));
    }

    // case: vulnerable (tabs are replaced, line breaks are not)
    void renamed(HttpServletRequest request) {
        String name = request.getParameter("name").replace("\t", " ");
        JUL.info("renamed to " + name);
    }

    // case: safe (only the length is logged)
    void noted(HttpServletRequest request) {
        LOG.debug("note of {} letters", request.getParameter("note").length());
    }
}
