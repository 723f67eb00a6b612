package com.northwind.mail;

import freemarker.template.Configuration;
import freemarker.template.Template;
import freemarker.template.TemplateException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;
import javax.servlet.http.HttpServletRequest;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.Velocity;
import org.apache.velocity.app.VelocityEngine;

public class MailComposer {
    private final Configuration freemarker = new Configuration(Configuration.VERSION_2_3_32);
    private final VelocityEngine velocity = new VelocityEngine();

    // case: vulnerable
    public String compose(HttpServletRequest request) {
        StringWriter out = new StringWriter();
        Velocity.evaluate(new VelocityContext(), out, "mail", request.getParameter("body"));
        return out.toString();
    }

    // case: safe (the text is a value of the template)
    public String render(HttpServletRequest request) {
        StringWriter out = new StringWriter();
        VelocityContext context = new VelocityContext();
        context.put("body", request.getParameter("body"));
        velocity.getTemplate("mail.vm").merge(context, out);
        return out.toString();
    }

    // case: vulnerable (the greeting becomes part of the template)
    public String greet(HttpServletRequest request) throws IOException, TemplateException {
        String source = "Dear " + request.getParameter("greeting") + ", your order ${order} is on its way.";
        Template template = new Template("greet", new StringReader(source), freemarker);
        StringWriter out = new StringWriter();
        template.process(Map.of("order", 17), out);
        return out.toString();
    }

    // case: safe (template is written here)
    public String welcome(HttpServletRequest request) throws IOException, TemplateException {
        String source = "Dear ${name}, welcome.";
        Template template = new Template("welcome", new StringReader(source), freemarker);
        Map<String, Object> model = new HashMap<>();
        model.put("name", request.getParameter("name"));
        StringWriter out = new StringWriter();
        template.process(model, out);
        return out.toString();
    }

    // case: safe (constant condition keeps the template that is written here)
    public String remind(HttpServletRequest request) {
        String source = 10 > 1 ? "Please pay within $days days." : request.getParameter("template");
        VelocityContext context = new VelocityContext();
        context.put("days", 14);
        StringWriter out = new StringWriter();
        velocity.evaluate(context, out, "remind", source);
        return out.toString();
    }
}
