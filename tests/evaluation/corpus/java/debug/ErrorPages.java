package com.northwind.errors;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.UUID;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public class ErrorPages extends HttpServlet {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorPages.class);

    interface Work {
        void run() throws Exception;
    }

    // case: vulnerable (the visitor sees the stack)
    void first(HttpServletResponse response, Work work) throws IOException {
        try {
            work.run();
        } catch (Exception error) {
            response.setStatus(500);
            error.printStackTrace(response.getWriter());
        }
    }

    // case: safe (the stack goes to the log, the visitor gets a number)
    void second(HttpServletResponse response, Work work) throws IOException {
        try {
            work.run();
        } catch (Exception error) {
            UUID number = UUID.randomUUID();
            LOG.error("request failed, number {}", number, error);
            response.setStatus(500);
            response.getWriter().println("Something went wrong. Number: " + number);
        }
    }

    // case: vulnerable (the stack as a text)
    void third(HttpServletResponse response, Work work) throws IOException {
        try {
            work.run();
        } catch (Exception error) {
            StringWriter text = new StringWriter();
            error.printStackTrace(new PrintWriter(text));
            response.setContentType("text/plain");
            response.getWriter().write(text.toString());
        }
    }

    // case: safe (the text of the stack is logged)
    void fourth(HttpServletResponse response, Work work) throws IOException {
        try {
            work.run();
        } catch (Exception error) {
            StringWriter text = new StringWriter();
            error.printStackTrace(new PrintWriter(text));
            LOG.warn(text.toString());
            response.sendError(503);
        }
    }

    // case: safe (frames are counted)
    void fifth(HttpServletRequest request, Work work) {
        try {
            work.run();
        } catch (Exception error) {
            LOG.info("{} frames of our own", Arrays.stream(error.getStackTrace())
                    .filter(frame -> frame.getClassName().startsWith("com.northwind")).count());
        }
    }
}
