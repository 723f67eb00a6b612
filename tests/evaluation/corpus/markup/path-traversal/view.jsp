<%@ page import="java.io.*" %>
<!-- case: vulnerable -->
<jsp:include page="${param.section}"/>
<!-- case: vulnerable -->
<%
    String name = request.getParameter("doc");
    BufferedReader in = new BufferedReader(new FileReader("/srv/docs/" + name));
%>
<!-- case: safe (fixed) -->
<jsp:include page="/WEB-INF/footer.jsp"/>
<!-- case: safe (last part of the name only) -->
<%
    String safe = new File(request.getParameter("doc")).getName();
%>
