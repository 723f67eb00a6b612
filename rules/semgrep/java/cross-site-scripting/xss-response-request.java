import java.io.PrintWriter;
import javax.servlet.http.*;
import org.owasp.encoder.Encode;

class Hello extends HttpServlet {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-xss-response-request
        response.getWriter().println("<h1>Hello " + name + "</h1>");
        PrintWriter out = response.getWriter();
        // ruleid: java-xss-response-request
        out.print("<p>" + name);
        // ok: java-xss-response-request
        out.print("<p>" + Encode.forHtml(name));
        // ok: java-xss-response-request
        out.print("<p>Hello");
        int age = Integer.parseInt(request.getParameter("age"));
        // ok: java-xss-response-request
        out.print("<p>" + age);
    }

    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws Exception {
        response.setContentType("text/plain");
        // ok: java-xss-response-request
        response.getWriter().println(request.getParameter("name"));
    }
}
